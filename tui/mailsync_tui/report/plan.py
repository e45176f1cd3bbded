"""A plan in sentences: lines, what is held back, blocked or waits, and the last question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.engine.model import (
    CONSOLIDATED,
    DELETIONS,
    DIRECTIONS,
    KIND_DIRECTION,
    Accept,
    Blocked,
    Direction,
    Kind,
    Line,
    Options,
    Place,
    Plan,
    PlanEntry,
    Waiting,
)
from mailsync_tui.engine.plan.guards import UNACCEPTABLE, cause, ways_out
from mailsync_tui.engine.plan.protected import no_such_folder
from mailsync_tui.report.words import (
    HOLDS,
    RULES,
    doing,
    hold_in_words,
    sentence,
    several,
    size_in_words,
)
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.report.choice import Choice, Sum

_DIRECTIONS: dict[tuple[Direction, ...], str] = {
    ("forward",): "Forward deletions",
    ("reverse",): "Reverse deletions",
    ("forward", "reverse"): "Forward and reverse deletions",
    ("collect",): "New mail to collect",
    ("collect", "forward", "reverse"): "New mail and deletions",
}
_KEPT = "A copy of every message goes into the quarantine first, and is kept there for {} days."
_FAILS = "If one cannot be done, it is left as it is, the rest goes on, and the result names it."


def heading(options: Options) -> str:
    """What a plan is about."""
    if options.reconsider:
        return "Held lines, brought back"
    if options.marked and not options.directions:
        return "Marked for deletion"
    return _DIRECTIONS.get(options.directions, "Plan")


# --- lines


def group_title(kind: str, account: str) -> str:
    """What the lines of one account and kind do."""
    what = doing(kind, account)
    return {
        "adopt": f"adopt {account}'s copies (no mailbox changes)",
        "forget": f"{what} what was on {account} (no mailbox changes)",
        "forward-delete": f"{what} (forward, from {account})",
        "reverse-delete": f"{what} (reverse)",
        "delete": f"{what} (by hand)",
    }.get(kind, what)


def action_text(line: Line) -> str:
    """What one line does, and where."""
    if line.kind == "collect":
        return f"collect from {_folder(line.copies[0])} into {_folder(line.target)}"
    if line.kind in DELETIONS:
        places = " and ".join(_folder(place) for place in line.copies[:3])
        where = "in" if line.target.mailbox == CONSOLIDATED else "on"
        return f"delete {where} {places}{_more(line)}"
    return f"{doing(line.kind, line.account)}: no mailbox changes"


def _more(line: Line) -> str:
    return f" and {len(line.copies) - 3} more places" if len(line.copies) > 3 else ""


def cannot_mark(others: int, reasons: Sequence[str]) -> str:
    """Why messages are not marked for deletion.

    Args:
        others: How many are.
        reasons: Why the rest is not.
    """
    marked = f"{several(others, 'message')} marked; the others" if others else "This"
    return f"{marked} cannot be marked for deletion: {'; '.join(map(safe_text, reasons))}."


def following_text(line: Line) -> str:
    """What a line does after the one that it needs, for a narrow column."""
    return f"then {doing(line.kind, line.account)}"


def place_text(line: Line) -> str:
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


def undo_text(line: Line) -> str:
    """Whether a line can be taken back."""
    if line.kind not in DELETIONS:
        return "nothing is deleted"
    return {
        "full": "undo: yes",
        "consolidated-only": f"comes back in {CONSOLIDATED} only",
        "none": "undo: no",
    }[line.undo]


def short_undo_text(line: Line) -> str:
    """The same in eleven cells."""
    if line.kind not in DELETIONS:
        return ""
    return {"full": "undo: yes", "consolidated-only": "undo: part", "none": "undo: no"}[line.undo]


def _undo_in_full(line: Line) -> str:
    if line.kind not in DELETIONS:
        return "not needed: nothing is deleted"
    return {
        "full": "yes: from the history, back to where it was, with flags and date",
        "consolidated-only": "in part: no mail can be put back on this server, so it comes back in "
        "the consolidated mailbox only, as its own mail",
        "none": "no",
    }[line.undo]


def state_text(line: Line, choice: Choice) -> str:
    """How a line stands, if it is not simply in."""
    if line.id in choice.undecided:
        return "New since this plan was first shown: not done unless you take it in."
    return {
        "in": "",
        "out": "Taken out: not done, and held back from now on if the rest is applied.",
        "falls": "Not done, because a line that it needs is taken out.",
        "over": "Holds no more since the mailboxes were listed again: not done.",
    }[choice.state(line.id)]


def why_facts(line: Line, choice: Choice) -> list[tuple[str, str]]:
    """Why a line is in the plan: names and texts; an empty name goes on with the one before."""
    facts = [("What", action_text(line)), ("Why", safe_text(line.reason, 300))]
    facts += [
        ("How that is known" if not n else "", safe_text(each, 600))
        for n, each in enumerate(line.evidence)
    ]
    facts.append(("From", safe_text(line.sender, 300) or "(no sender)"))
    facts.append(("Size", size_in_words(line.size)))
    facts.append(("Message-ID", safe_text(line.message_id or "none", 1000)))
    for need in line.needs:
        needed = choice.lines.get(need)
        facts.append(("Needs", action_text(needed) if needed else "a line that is no more"))
    for name in choice.followers.get(line.id, ()):
        follower = choice.lines[name]
        facts.append(("With it", f"{action_text(follower)}: {safe_text(follower.reason, 300)}"))
    facts.append(("Undo", _undo_in_full(line)))
    now = state_text(line, choice)
    return [*facts, ("Now", now)] if now else facts


def entries_text(found: Iterable[PlanEntry]) -> str:
    """What the plan has about one message, in one sentence; empty if nothing."""
    parts = []
    for each in found:
        stopped = f"held back ({each.held}): " if each.held else ""
        if each.blocked:
            stopped = f"blocked ({each.blocked}: {RULES[each.blocked]}): "
        what = doing(each.line.kind, each.line.account)
        parts.append(f"{stopped}{what}, {safe_text(each.line.reason, 300)}")
    return "; ".join(parts)


# --- what is not done


def blocks(plan: Plan, directions: Sequence[Direction] = DIRECTIONS) -> tuple[Blocked, ...]:
    """What guards blocked in these directions.

    A guard that stops nothing yet, and would in both directions, is named once.
    """
    marked = plan.options.asked("delete")
    asked = [
        each
        for each in plan.blocked
        if (marked if each.kind == "delete" else KIND_DIRECTION.get(each.kind) in directions)
    ]
    first = {(each.account, each.rule): each for each in reversed(asked)}
    return tuple(each for each in asked if each.count or each is first[each.account, each.rule])


def blocked_text(found: Blocked) -> str:
    """What was stopped, and by which rule."""
    what = _deletions(found.kind, found.count) if found.count else "every deletion"
    return f"blocked on {found.account}: {what} ({found.rule})"


def can_accept(found: Blocked) -> bool:
    """Whether a person may let it through."""
    return found.rule not in UNACCEPTABLE and found.count > 0


def another_mailbox(name: str) -> str:
    """That a mailbox is not the one that the ledger has."""
    changed: tuple[str, Kind, str] = (name, "forward-delete", "changed")
    return f"{cause(*changed)}; {ways_out(*changed, accept='')}"


def way_out(found: Blocked, accept: str) -> str:
    """How a block ends.

    Args:
        found: What is blocked.
        accept: How a person lets it through here.
    """
    return sentence(ways_out(found.account, found.kind, found.rule, accept))


def acceptance(found: Blocked, plan: Plan) -> tuple[str, tuple[str, ...]]:
    """What letting through means: a title and sentences."""
    sentences = [
        *(sentence(blocked_text(each)) for each in _same(found, plan)),
        sentence(found.cause),
        "They then stand in the plan as ordinary lines, for this once; nothing is done before "
        "you have applied it.",
        f"To let them through, type the account's name: {found.account}",
    ]
    return f"Let through what is blocked on {found.account}?", tuple(sentences)


def accepted(found: Blocked, plan: Plan) -> tuple[Accept, ...]:
    """What is let through then: the lines that :func:`acceptance` names."""
    return tuple(Accept(each.account, each.rule, each.count) for each in _same(found, plan))


def let_through_texts(plan: Plan) -> list[str]:
    """What of the lines a guard had blocked, and a person let through this once."""
    return [
        f"Let through this once: what {each.rule} blocked on {each.account}"
        + ("." if each.count is None else f", {several(each.count, 'line')}.")
        for each in plan.options.accepts
    ]


def _same(found: Blocked, plan: Plan) -> list[Blocked]:
    every = blocks(plan, plan.options.directions)
    return [each for each in every if (each.account, each.rule) == (found.account, found.rule)]


def waiting_text(found: Waiting) -> str:
    """What is missing, and not known to be deleted."""
    waits = "waits" if found.count == 1 else "wait"
    what = _deletions(found.kind, found.count)
    return f"{found.account}: {what} {waits}: {safe_text(found.detail, 300)}"


def _deletions(kind: str, count: int) -> str:
    return several(count, f"{KIND_DIRECTION.get(kind, 'marked')} deletion")


def held_title(lines: int) -> str:
    """How many lines are held back."""
    if not lines:
        return "Nothing is held back"
    return f"Held back: {several(lines, 'line')}, never applied unasked"


def held_rule_text(rule: str, lines: int) -> tuple[str, str]:
    """The lines that one rule holds back, and what the rule means."""
    meaning = HOLDS[rule][0] if rule in HOLDS else "a rule holds them back"
    return f"{rule}: {several(lines, 'line')}", meaning


def held_text(rule: str, hold: str | None) -> str:
    """Why one line is held back: half a sentence."""
    return hold_in_words(hold) if hold is not None else HOLDS[rule][0] if rule in HOLDS else rule


def left_out(plan: Plan, directions: Sequence[Direction] = DIRECTIONS) -> list[str]:
    """How much of a plan is not among its lines: held back, waiting, blocked."""
    counts = (
        (len(plan.held), "held back"),
        (sum(each.count for each in plan.waiting), "waiting"),
        (sum(each.count for each in blocks(plan, directions)), "blocked"),
    )
    return [f"{count:,} {word}" for count, word in counts if count]


def changes_text(choice: Choice) -> str:
    """What another look brought."""
    parts = []
    if choice.undecided:
        parts.append(f"{len(choice.undecided):,} new and left out")
    if choice.over:
        parts.append(f"{len(choice.over):,} no more")
    return ", ".join(parts)


# --- sums, and the last question


def sums_text(found: Iterable[Sum], width: int) -> str:
    """What is to be done in which mailbox; without the octets of each where the room is short."""
    found = list(found)
    texts = (_sums(found, octets=True), _sums(found, octets=False))
    return next((text for text in texts if len(text) <= width), _total(found))


def _total(found: Sequence[Sum]) -> str:
    """However many mailboxes there are, in little room."""
    parts = []
    for verb, kinds in (("delete", DELETIONS), ("collect", ("collect",))):
        some = [each for each in found if each.kind in kinds]
        if some:
            places = len({each.mailbox for each in some})
            where = "in" if verb == "delete" else "from"
            octets = size_in_words(sum(each.octets for each in some))
            lines = sum(each.lines for each in some)
            parts.append(f"{verb} {lines:,} {where} {places} mailboxes ({octets})")
    ledger = sum(each.lines for each in found if each.kind not in (*DELETIONS, "collect"))
    if ledger:
        parts.append(f"ledger only {ledger:,}")
    return ", ".join(parts)


def _sums(found: Sequence[Sum], *, octets: bool) -> str:
    deleted = [each for each in found if each.kind in DELETIONS]
    collected = [each for each in found if each.kind == "collect"]
    ledger = sum(each.lines for each in found) - sum(x.lines for x in (*deleted, *collected))

    def each(some: Sequence[Sum], place: Callable[[str], str]) -> str:
        if octets:
            sizes = (f"{x.lines:,} {place(x.mailbox)} ({size_in_words(x.octets)})" for x in some)
            return ", ".join(sizes)
        total = size_in_words(sum(x.octets for x in some))
        return f"{', '.join(f'{x.lines:,} {place(x.mailbox)}' for x in some)} ({total})"

    parts = []
    if deleted:
        parts.append(f"delete {each(deleted, at)}")
    if collected:
        parts.append(f"collect {each(collected, lambda name: f'from {name}')}")
    if ledger:
        parts.append(f"ledger only {ledger:,}")
    return ", ".join(parts) or "nothing to do"


class Question(NamedTuple):
    """What a person is asked before a plan is applied."""

    title: str
    sentences: tuple[str, ...]
    deletions: int = 0
    """How many messages would be deleted."""


def question(choice: Choice, keep_days: int) -> Question:
    """Ask for all that is left of a plan.

    Args:
        choice: The plan and what was taken out.
        keep_days: How long the quarantine keeps what is deleted.
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
    if not verbs:
        counts = Counter(line.kind for line in lines)
        verbs = [f"{kind} {several(n, 'message')}" for kind, n in counts.items()]
    title = " and ".join(verbs)
    sentences = [*let_through_texts(choice.plan), *_places(found), *_undoing(deletions)]
    if deletions:
        sentences.append(_KEPT.format(keep_days))
    sentences.append(_FAILS)
    if choice.declined:
        sentences.append(
            f"Taken out, and held back from now on: {several(len(choice.declined), 'line')}."
        )
    if choice.undecided:
        sentences.append(f"New, and left out this time: {several(len(choice.undecided), 'line')}.")
    return Question(f"{title[0].upper()}{title[1:]}?", tuple(sentences), len(deletions))


def _places(found: Sequence[Sum]) -> list[str]:
    parts = []
    ledger = 0
    for each in found:
        if each.kind == "collect":
            parts.append(
                f"Collected from {each.mailbox}: "
                f"{several(each.lines, 'message')}, "
                f"{size_in_words(each.octets)}."
            )
        elif each.kind in DELETIONS:
            parts.append(
                f"Deleted {at(each.mailbox)}: {several(each.lines, 'message')}, "
                f"{size_in_words(each.octets)}."
            )
        else:
            ledger += each.lines
    if ledger:
        parts.append(f"In the ledger only, no mailbox changes: {several(ledger, 'message')}.")
    return parts


def _undoing(deletions: Sequence[Line]) -> list[str]:
    if not deletions:
        return ["Nothing is deleted."]
    counts = Counter(line.undo for line in deletions)
    if counts["full"] == len(deletions):
        return ["All of it can be undone from the history: each message goes back where it was."]
    parts = []
    if counts["full"]:
        parts.append(f"Can be undone from the history: {several(counts['full'], 'message')}.")
    if counts["consolidated-only"]:
        names = sorted({x.account for x in deletions if x.undo == "consolidated-only"})
        parts.append(
            f"Undo brings back in {CONSOLIDATED} only: "
            f"{several(counts['consolidated-only'], 'message')}, "
            f"as no mail can be put back on {' or '.join(names)}."
        )
    if counts["none"]:
        parts.append(f"Cannot be undone: {several(counts['none'], 'message')}.")
    return parts


def unmatched_texts(plan: Plan) -> list[str]:
    """The accounts whose ``folders`` name something that is not there, each with what it is."""
    return [
        f"{name}: {safe_text(no_such_folder(pattern))}"
        for name, report in plan.mailboxes.items()
        for pattern in report.unmatched
    ]
