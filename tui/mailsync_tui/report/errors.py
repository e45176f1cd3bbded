"""What went wrong, in sentences."""

from __future__ import annotations

from mailsync_tui.errors import UserError
from mailsync_tui.report.words import sentence, several
from mailsync_tui.text.safe import safe_text


def failure(error: Exception, done: int) -> tuple[str, ...]:
    """A failed run in sentences: what happened, what was not touched, what to do.

    Args:
        error: What the run raised.
        done: How many lines had come to their end before.
    """
    told = [sentence(safe_text(str(error)))]
    if done:
        told.append(
            f"{several(done, 'line')} had come to an end before; the history has them. The rest "
            "was not begun; what was under way is looked at and settled by the next run."
        )
    else:
        told.append("No mailbox was changed.")
    hint = error.hint if isinstance(error, UserError) else UserError.hint
    told.append(f"{hint}; then look again (F5) and preview anew.")
    return tuple(told)
