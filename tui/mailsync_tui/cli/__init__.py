"""The commands: the only room that loads click, and, for a terminal, Rich."""

from __future__ import annotations

import signal

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the program; ends with the exit codes of :mod:`mailsync_tui.errors`."""
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
        # A signal while the interpreter ends would end in a traceback.
        for number in before:
            signal.signal(number, signal.SIG_DFL)
