"""What went wrong, in sentences."""

from __future__ import annotations

from mailsync_tui.errors import UserError
from mailsync_tui.report.words import sentence, several
from mailsync_tui.text.safe import safe_text


def failure(error: Exception, done: int) -> tuple[str, str]:
    """A run that failed: what happened, and what was not touched.

    Args:
        error: What the run raised.
        done: How many lines had come to their end before.
    """
    if not done:
        return sentence(safe_text(str(error))), "No mailbox was changed."
    return sentence(safe_text(str(error))), (
        f"{several(done, 'line')} had come to an end before; the history has them. The rest was "
        "not started; the next run looks what became of what was under way."
    )


def hint(error: Exception) -> str:
    """What to do before it is tried again: the first half of a sentence."""
    return error.hint if isinstance(error, UserError) else UserError.hint


def unforeseen(error: BaseException | None) -> str:
    """A fault of this program; what it was about is in the log alone, as it may be private."""
    return f"a fault of this program ({type(error).__name__})"
