"""Lines of a plan that a newer listing does not make any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailsync_tui.engine.apply.delete import BACK
from mailsync_tui.engine.apply.run import Run
from mailsync_tui.engine.detect.match import MatchedListing
from mailsync_tui.engine.model import Line


def journal_outdated(run: Run, lines: Sequence[Line], listed: Mapping[str, MatchedListing]) -> None:
    """Record that they are not applied.

    What was to be brought and is listed no more has vanished, which is no failure.

    Args:
        run: What is applied.
        lines: Those that the newer plan lacks.
        listed: The newer listings, by mailbox.
    """
    gone: list[Line] = []
    back: list[Line] = []
    for line in lines:
        (gone if _vanished(line, listed) else back).append(line)
    run.journal_all(gone, "vanished", "it was gone before it was fetched")
    run.journal_all(back, "skipped", BACK)


def _vanished(line: Line, listed: Mapping[str, MatchedListing]) -> bool:
    if line.kind not in ("collect", "adopt") or line.account not in listed:
        return False
    return listed[line.account].left(line.copies[0].location)
