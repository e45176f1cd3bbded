"""The commands: the only room that loads click, and, for a terminal, Rich."""

from __future__ import annotations

import gc
import signal

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the program; ends with the exit codes of :mod:`mailsync_tui.errors`."""
    gc.disable()  # nothing that is loaded is garbage; what runs for long enables it
    # What is ignored stays so: nohup means what it says.
    before = {n: signal.getsignal(n) for n in _ENDING if signal.getsignal(n) is signal.SIG_DFL}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        from mailsync_tui.cli.commands import cli

        cli.main()
    except KeyboardInterrupt:  # while modules were loaded
        raise SystemExit(130) from None
    finally:
        gc.freeze()  # at the end of the process there is nothing to search for garbage
        # A signal while the interpreter ends would end in a traceback.
        for number in before:
            signal.signal(number, signal.SIG_DFL)
