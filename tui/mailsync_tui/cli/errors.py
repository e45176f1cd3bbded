"""What each failure means to the caller: its exit code, and a sentence instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from mailsync_tui.cli.output import Output, OutputError

OK, FAILED, WRONG, PARTLY, BLOCKED, BUSY, INTERRUPTED = 0, 1, 2, 3, 4, 6, 130
NOTHING_DONE = "interrupted; nothing was done"
_GRAVEST = (130, 6, 5, 2, 1, 3, 4)


class InterruptedRun(Exception):
    """A signal ended the run before it did anything that is to be told."""


class Wrong(Exception):
    """The command line is wrong, or a question could not be asked; the text says how."""


def worst_exit_code(codes: Iterable[int]) -> int:
    """The one exit code of several."""
    found = set(codes)
    return next((code for code in _GRAVEST if code in found), OK)


def code_of(error: BaseException) -> int | None:
    """The exit code of a failure that was foreseen; ``None`` for any other."""
    if isinstance(error, (click.UsageError, Wrong)):
        return WRONG
    if isinstance(error, (KeyboardInterrupt, click.Abort, InterruptedRun)):
        return INTERRUPTED
    if isinstance(error, OutputError):
        return FAILED
    # Loaded only now: a command that failed without them need not have them.
    from mailsync_tui.config.errors import ConfigError
    from mailsync_tui.session.plan_file import PlanFileError

    if isinstance(error, (ConfigError, PlanFileError)):
        return WRONG
    from mailsync_tui.engine.outcome import SessionError
    from mailsync_tui.ledger.lock import LedgerBusy, LockError
    from mailsync_tui.ledger.quarantine import QuarantineError
    from mailsync_tui.ledger.reader import LedgerError
    from mailsync_tui.mailboxes.base import MailboxError

    if isinstance(error, SessionError):
        return error.code
    if isinstance(error, LedgerBusy):
        return BUSY
    if isinstance(error, (LedgerError, LockError, QuarantineError, MailboxError)):
        return FAILED
    return None


def guarded(output: Output, work: Callable[[], int], user: str | None = None) -> tuple[int, str]:
    """Do something, and tell what goes wrong instead of raising it.

    Args:
        output: Where it is told.
        work: Gives the exit code.
        user: Whose work it is, if there are several people.

    Returns:
        The exit code, and what went wrong in words; empty if nothing did.
    """
    try:
        return work(), ""
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the last resort
        code = code_of(error)
        if code is None:
            code, text = FAILED, f"something unforeseen went wrong ({type(error).__name__})"
            output.error(text, user)
            output.log_trace(error)
            return code, text
        text = _sentence(error)
        output.error(text, user)
        return code, text


def _sentence(error: BaseException) -> str:
    if isinstance(error, (KeyboardInterrupt, click.Abort, InterruptedRun)):
        return NOTHING_DONE
    if isinstance(error, click.UsageError):
        hint = f"\nTry '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        return error.format_message() + hint
    return str(error)
