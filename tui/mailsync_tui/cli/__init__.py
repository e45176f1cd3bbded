"""The commands: the only room that loads click, and, for a terminal, Rich."""

from __future__ import annotations


def main() -> None:
    """Run the program; ends with the exit codes of INTERFACE.md."""
    try:
        from mailsync_tui.cli.commands import cli

        cli.main()
    except KeyboardInterrupt:  # while modules were loaded
        raise SystemExit(130) from None
