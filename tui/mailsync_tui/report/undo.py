"""An undo in sentences: what comes back where, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mailsync_tui.engine.model import CONSOLIDATED, UNDO, UndoLine
from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE, LineResult, UndoResult
from mailsync_tui.errors import INTERRUPTED
from mailsync_tui.report.page import Block, Page
from mailsync_tui.report.plan import Question
from mailsync_tui.report.run import became, run_title, section, sums
from mailsync_tui.report.words import (
    NOT_STARTED,
    OUTCOMES,
    PUT_BACK,
    THERE_ALREADY,
    Sign,
    doing,
    several,
)
from mailsync_tui.text.safe import safe_text

_OWN = "They are the consolidated mailbox's own mail from then on: no run deletes them."
_KEPT = "They stay on {} from then on: neither collected nor deleted, and listed as held back."
_POP3 = (
    "{} of them: {} is a POP3 server, which takes no mail back. They return to the consolidated "
    "mailbox only."
)
_TWICE = "What is there already is not put back twice. The undo is a run of its own."


def undo_question(run: str, lines: Sequence[UndoLine]) -> Question:
    """Ask whether these lines of a run are to be put back.

    Args:
        run: Its number.
        lines: All that is to be put back; those with a problem are named and left.
    """
    able = [line for line in lines if line.problem is None]
    sentences: list[str] = []
    for mailbox, folders in _by_mailbox(able).items():
        where = ", ".join(f"{count:,} in {safe_text(name)}" for name, count in folders.items())
        count = several(sum(folders.values()), "message")
        sentences.append(f"Back into {mailbox}: {count} ({where}).")
        if mailbox == CONSOLIDATED:
            lost = Counter(line.account for line in able if line.undo == "consolidated-only")
            sentences += [_POP3.format(number, account) for account, number in lost.items()]
            sentences.append(_OWN)
        else:
            sentences.append(_KEPT.format(mailbox))
    problems = Counter(line.problem for line in lines if line.problem is not None)
    sentences += [
        f"Cannot be put back: {several(number, 'message')}, as {safe_text(problem, 300)}."
        for problem, number in problems.items()
    ]
    sentences.append(_TWICE)
    title = f"Put back {several(len(able), 'message')} that run {run} deleted?"
    return Question(title, tuple(sentences))


def nothing_to_undo(run: str, lines: Sequence[UndoLine]) -> str:
    """Why nothing of a run can be put back."""
    problems = dict.fromkeys(line.problem for line in lines if line.problem is not None)
    if problems:
        return safe_text(f"Nothing can be put back: {'; '.join(problems)}.", 400)
    return f"There is nothing left to undo in run {run}."


def undo_page(run: str, found: UndoResult, lines: Sequence[UndoLine]) -> Page:
    """What an undo did.

    Args:
        run: The run that was undone.
        found: What became of it.
        lines: What was to be put back.
    """
    ended = {each.line.id for each in found.lines}
    left = [line for line in lines if line.id not in ended]
    ends = [(each, _end(each)) for each in found.lines]
    outcomes = [(each.line.mailbox, sign.word) for each, sign in ends]
    outcomes += [(line.mailbox, NOT_STARTED.word) for line in left]
    parts: list[Block] = [sums(outcomes)]
    for sign in (PUT_BACK, THERE_ALREADY, *OUTCOMES.values()):
        some = [each for each, end in ends if end is sign and (each.reason or end is not PUT_BACK)]
        parts += section(sign, (_named(x.line, x.reason.replace(THERE, "")) for x in some))
    parts += section(NOT_STARTED, map(_named, left))
    title = f"Undo of run {run}"
    if found.run is not None:
        title = f"{run_title(found.run, found.user)}, undo of run {run}"
    failed = sum(each.outcome != "done" for each in found.lines)
    missed = [f"{several(failed, 'line')} not put back"]
    end = became(found.exit, missed)
    if found.exit == INTERRUPTED and not found.lines:
        end = "stopped before it began; nothing was put back"
    return Page(f"{title}: {end}", tuple(parts))


def _end(each: LineResult[UndoLine]) -> Sign:
    if each.outcome != "done":
        return OUTCOMES[each.outcome]
    return THERE_ALREADY if each.reason in (THERE, NOTHING_LEFT) else PUT_BACK


def _named(line: UndoLine, reason: str = "") -> tuple[str, str, str]:
    return doing(UNDO + line.kind, line.account), line.subject, reason


def _by_mailbox(lines: Iterable[UndoLine]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for line in lines:
        found.setdefault(line.mailbox, Counter())[line.folder] += 1
    return found
