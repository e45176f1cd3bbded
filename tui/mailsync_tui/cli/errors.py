"""The one place where an error becomes a sentence and an exit code instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable

import click

from mailsync_tui.cli.output import Output
from mailsync_tui.errors import FAILED, WRONG, Interrupted, UserError


def guarded(output: Output, work: Callable[[], int], user: str | None = None) -> tuple[int, str]:
    """Do something, and report what goes wrong instead of raising it.

    Args:
        output: Where it is reported.
        work: Gives the exit code.
        user: Whose work it is, if there are several people.

    Returns:
        The exit code, and what went wrong in words; empty if nothing did.
    """
    try:
        return work(), ""
    except (KeyboardInterrupt, click.Abort):
        code, text = Interrupted.exit_code, str(Interrupted())
    except UserError as error:
        code, text = error.exit_code, str(error)
    except click.UsageError as error:
        hint = f"\nTry '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        code, text = WRONG, error.format_message() + hint
    except Exception as error:  # noqa: BLE001 - the last resort
        code, text = FAILED, f"something unforeseen went wrong ({type(error).__name__})"
        output.error(text, user)
        output.log_trace(error)
        return code, text
    output.error(text, user)
    return code, text
