"""The command group: click parses, and every way out is one exit code and one sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from mailsync_tui.cli.errors import guarded
from mailsync_tui.cli.output import PROGRAM
from mailsync_tui.cli.people import Settings

EPILOG = """\b
Examples:
  mailsync-tui check
  mailsync-tui plan
  mailsync-tui --user ann sync --collect

\b
Shell completion, in ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$(_MAILSYNC_TUI_COMPLETE=bash_source mailsync-tui)"
  eval "$(_MAILSYNC_TUI_COMPLETE=zsh_source mailsync-tui)"
  _MAILSYNC_TUI_COMPLETE=fish_source mailsync-tui | source

\b
Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 partly,
4 blocked by a guard, 5 the saved plan is stale, 6 another run is applying, 130 interrupted.

\b
The manual: mailsync-tui manual
"""
"""What stands below the list of commands."""


class Program(click.Group):
    """A group whose commands return their exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - this program always ends by itself
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Parse and run; ends with ``SystemExit`` and never with a traceback."""
        settings = Settings()
        start = super().main

        def run() -> int:
            code = start(
                args,
                prog_name or PROGRAM,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                obj=settings,
                **extra,
            )
            return code if isinstance(code, int) else 0

        code, _ = guarded(settings.output, run)
        settings.output.close()
        sys.exit(code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is answered with the nearest."""
        from mailsync_tui.cli.people import nearest

        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from mailsync_tui.text.safe import safe_text

            known = self.list_commands(ctx)
            raise click.UsageError(
                f"no such command: {safe_text(name, 64)}{nearest(name, known)}", ctx
            )
        return super().resolve_command(ctx, args)


class PathType(click.Path):
    """A path. An empty one, as of a variable that is not set, is not the present directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            UsageError: it is empty, or cannot be used.
        """
        if value == "":
            self.fail("expected a path, not an empty text", param, ctx)
        return super().convert(value, param, ctx)
