"""Plans, questions and failures in sentences, made of :mod:`mailsync_tui.report.words`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailsync_tui.engine.model import CONSOLIDATED, DELETIONS, Direction, Line, Place
from mailsync_tui.errors import UserError
from mailsync_tui.report.choice import Choice, Sum
from mailsync_tui.report.words import sentence, several, size_in_words
from mailsync_tui.text.safe import safe_text

_DIRECTIONS: dict[tuple[Direction, ...], str] = {
    ("forward",): "Forward deletions",
    ("reverse",): "Reverse deletions",
    ("forward", "reverse"): "Forward and reverse deletions",
    ("collect",): "New mail to collect",
    ("collect", "forward", "reverse"): "New mail and deletions",
}

_KEPT = "A copy of every message goes into the quarantine first, and is kept there for {} days."
_FAILS = "If one cannot be done, it is left as it is, the rest goes on, and the result names it."


def heading(directions: tuple[Direction, ...], *, reconsidered: bool) -> str:
    """What a plan is about."""
    if reconsidered:
        return "Held lines, brought back"
    return _DIRECTIONS.get(directions, "Plan")


def group_title(kind: str, account: str) -> str:
    """What the lines of one account and kind do."""
    return {
        "collect": f"{account}: copy into {CONSOLIDATED}",
        "forward-delete": f"{account}: delete in {CONSOLIDATED}",
        "reverse-delete": f"{account}: delete on {account}",
        "adopt": f"{account}: enter in the ledger, no mailbox changes",
        "forget": f"{account}: forget in the ledger, no mailbox changes",
    }[kind]


def action(line: Line) -> str:
    """What one line does, and where."""
    if line.kind == "collect":
        place = _folder(line.target)
        return f"copy from {_folder(line.copies[0])} into {place}"
    if line.kind in DELETIONS:
        places = " and ".join(_folder(place) for place in line.copies[:3])
        return f"delete {'in' if line.kind == 'forward-delete' else 'on'} {places}{_more(line)}"
    return "enter in the ledger" if line.kind == "adopt" else "forget in the ledger"


def _more(line: Line) -> str:
    return f" and {len(line.copies) - 3} more places" if len(line.copies) > 3 else ""


def following(line: Line) -> str:
    """What a line does after the one that it needs, for a narrow column."""
    if line.kind in DELETIONS:
        return f"then delete {at(line.account)}"
    return f"then {line.kind} {at(line.account)}"


def where(line: Line) -> str:
    """Where a line changes something, for a narrow column."""
    if line.kind in ("adopt", "forget"):
        return "the ledger"
    more = f" +{len(line.copies) - 1}" if line.kind in DELETIONS and len(line.copies) > 1 else ""
    return _folder(line.target) + more


def at(mailbox: str) -> str:
    """In the consolidated mailbox, on an account."""
    return f"in {mailbox}" if mailbox == CONSOLIDATED else f"on {mailbox}"


def _folder(place: Place) -> str:
    folder = safe_text(place.location.folder)
    return f"{place.mailbox}/{folder}" if folder else place.mailbox


def undo(line: Line) -> str:
    """Whether a line can be taken back."""
    if line.kind not in DELETIONS:
        return "nothing is deleted"
    return {
        "full": "undo: yes",
        "consolidated-only": f"comes back in {CONSOLIDATED} only",
        "none": "undo: no",
    }[line.undo]


def short_undo(line: Line) -> str:
    """The same in eleven cells."""
    if line.kind not in DELETIONS:
        return ""
    return {"full": "undo: yes", "consolidated-only": "undo: part", "none": "undo: no"}[line.undo]


def evidence(line: Line) -> tuple[str, ...]:
    """How the reason of a line is known, in sentences."""
    return tuple(safe_text(sentence) for sentence in line.evidence)


def sums(found: Iterable[Sum], width: int) -> str:
    """What is to be done in which mailbox; without the octets of each where the room is short."""
    found = list(found)
    told = (_sums(found, octets=True), _sums(found, octets=False))
    return next((text for text in told if len(text) <= width), _total(found))


def _total(found: Sequence[Sum]) -> str:
    """However many mailboxes there are, in little room."""
    told = []
    for verb, kinds in (("delete", DELETIONS), ("collect", ("collect",))):
        some = [each for each in found if each.kind in kinds]
        if some:
            places = len({each.mailbox for each in some})
            where = "in" if verb == "delete" else "from"
            octets = size_in_words(sum(each.octets for each in some))
            lines = sum(each.lines for each in some)
            told.append(f"{verb} {lines:,} {where} {places} mailboxes ({octets})")
    ledger = sum(each.lines for each in found if each.kind not in (*DELETIONS, "collect"))
    if ledger:
        told.append(f"ledger only {ledger:,}")
    return ", ".join(told)


def _sums(found: Sequence[Sum], *, octets: bool) -> str:
    deleted = [each for each in found if each.kind in DELETIONS]
    collected = [each for each in found if each.kind == "collect"]
    ledger = sum(each.lines for each in found) - sum(x.lines for x in (*deleted, *collected))

    def parts(some: Sequence[Sum], place: Callable[[str], str]) -> str:
        if octets:
            told = [f"{x.lines:,} {place(x.mailbox)} ({size_in_words(x.octets)})" for x in some]
            return ", ".join(told)
        total = size_in_words(sum(x.octets for x in some))
        return f"{', '.join(f'{x.lines:,} {place(x.mailbox)}' for x in some)} ({total})"

    told = []
    if deleted:
        told.append(f"delete {parts(deleted, at)}")
    if collected:
        told.append(f"collect {parts(collected, lambda name: f'from {name}')}")
    if ledger:
        told.append(f"ledger only {ledger:,}")
    return ", ".join(told) or "nothing"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before a plan is applied."""

    title: str
    sentences: tuple[str, ...]
    number: int | None
    """To be typed instead of ``y``; ``None``: ``y`` is enough."""


def question(choice: Choice, keep_days: int, floor: int) -> Question:
    """Ask for all that is left of a plan.

    Args:
        choice: The plan and what was taken out.
        keep_days: How long the quarantine keeps what is deleted.
        floor: More deletions than that, and the number is to be typed.
    """
    found = choice.sums()
    lines = choice.doing
    deletions = [line for line in lines if line.kind in DELETIONS]
    collects = sum(line.kind == "collect" for line in lines)
    verbs = []
    if deletions:
        verbs.append(f"delete {several(len(deletions), 'message')}")
    if collects:
        verbs.append(f"collect {several(collects, 'message')}")
    title = " and ".join(verbs) or f"enter {several(len(lines), 'message')} in the ledger"
    sentences = [*_places(found), *_undoing(deletions)]
    if deletions:
        sentences.append(_KEPT.format(keep_days))
    sentences.append(_FAILS)
    if choice.declined:
        sentences.append(
            f"Taken out, and held from now on: {several(len(choice.declined), 'line')}."
        )
    if choice.undecided:
        sentences.append(f"New, and left out this time: {several(len(choice.undecided), 'line')}.")
    asked = len(deletions) > floor
    return Question(
        f"{title[0].upper()}{title[1:]}?", tuple(sentences), len(deletions) if asked else None
    )


def _places(found: Sequence[Sum]) -> list[str]:
    told = []
    ledger = 0
    for each in found:
        if each.kind == "collect":
            told.append(
                f"Copied from {each.mailbox} into {CONSOLIDATED}: "
                f"{several(each.lines, 'message')}, "
                f"{size_in_words(each.octets)}."
            )
        elif each.kind in DELETIONS:
            told.append(
                f"Deleted {at(each.mailbox)}: {several(each.lines, 'message')}, "
                f"{size_in_words(each.octets)}."
            )
        else:
            ledger += each.lines
    if ledger:
        told.append(f"In the ledger only, no mailbox changes: {several(ledger, 'message')}.")
    return told


def _undoing(deletions: Sequence[Line]) -> list[str]:
    if not deletions:
        return ["Nothing is deleted."]
    counts = Counter(line.undo for line in deletions)
    if counts["full"] == len(deletions):
        return ["All of it can be undone from the history: each message goes back where it was."]
    told = []
    if counts["full"]:
        told.append(f"Can be undone from the history: {several(counts['full'], 'message')}.")
    if counts["consolidated-only"]:
        names = sorted({x.account for x in deletions if x.undo == "consolidated-only"})
        told.append(
            f"Undo brings back in {CONSOLIDATED} only: "
            f"{several(counts['consolidated-only'], 'message')}, "
            f"as no mail can be put back on {' or '.join(names)}."
        )
    if counts["none"]:
        told.append(f"Cannot be undone: {several(counts['none'], 'message')}.")
    return told


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
