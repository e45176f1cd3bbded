"""A run in sentences: its result, its place in the history, and its lines there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from mailsync_tui.engine.model import (
    DIRECTIONS,
    KIND_DIRECTION,
    Blocked,
    Direction,
    Line,
    MailboxReport,
    Plan,
)
from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE, PastRun, Result, RunLine
from mailsync_tui.errors import INTERRUPTED, PARTLY
from mailsync_tui.report.page import Block, Page, PageLine, Paragraph, Table
from mailsync_tui.report.plan import (
    at,
    blocked_text,
    blocks,
    group_title,
    held_title,
    left_out,
    unmatched_texts,
    waiting_text,
)
from mailsync_tui.report.words import (
    DECLINED,
    NO_SUBJECT,
    NOT_STARTED,
    OUTCOMES,
    RULES,
    THERE_ALREADY,
    Sign,
    counted,
    did,
    doing,
    local_moment,
    not_reached,
    several,
    short_error,
)
from mailsync_tui.text.safe import safe_text

_WHAT_CELLS = 27
_SUBJECT = 200
"""Characters of a subject that are looked at."""
_REASON = 1000
_NAMED = 20
"""Lines that are named of those that were not started: there may be any number of them."""


# --- what a run did


def result_page(
    found: Result,
    lines: Iterable[Line],
    declined: Sequence[Line],
    way_out: Callable[[Blocked], str],
) -> Page:
    """What a run did.

    Args:
        found: Its result.
        lines: What it was to do.
        declined: What was taken out of the plan, and is held back from now on.
        way_out: What a block is about, and what a person can do about it here.
    """
    if found.run is None and found.plan.lines:
        return Page(_title(found), ())  # the rest was shown before the person said no
    ended = {each.line.id for each in found.lines}
    left = [line for line in lines if line.id not in ended] if found.run is not None else []
    outcomes = [(each.line, OUTCOMES[each.outcome].word) for each in found.lines]
    outcomes += [(line, NOT_STARTED.word) for line in left]
    parts: list[Block] = [
        sums((group_title(x.kind, x.account), word) for x, word in outcomes),
        *(
            Paragraph(f"{name}: {not_reached(report.messages, short_error(report.error))}", "gone")
            for name, report in found.plan.mailboxes.items()
            if report.error
        ),
    ]
    for outcome, sign in OUTCOMES.items():
        if outcome != "done":
            parts += section(
                sign, (_named(x.line, x.reason) for x in found.lines if x.outcome == outcome)
            )
    parts += section(NOT_STARTED, map(_named, left))
    parts += section(DECLINED, map(_named, declined))
    parts += _not_in_plan(found.plan, way_out)
    return Page(_title(found), tuple(parts))


def _title(found: Result) -> str:
    away = [name for name, report in found.plan.mailboxes.items() if _away(report)]
    missed = [f"{', '.join(away)} not reached"] if away else []
    if found.run is None:
        nothing = "Nothing was done" if found.plan.lines else "Nothing to do"
        return "; ".join((f"{nothing}{_for(found.user)}", *missed))
    failed = sum(each.outcome in ("failed", "skipped") for each in found.lines)
    if failed:
        missed.insert(0, f"{several(failed, 'line')} not done")
    return f"{run_title(found.run, found.user)}: {became(found.exit, missed)}"


def _away(report: MailboxReport) -> bool:
    return not report.complete and not report.left_out


def run_title(run: str, user: str) -> str:
    """A run, at the beginning of what is said of it."""
    return f"Run {run}{_for(user)}"


def _for(user: str) -> str:
    return "" if user == "default" else f" for {user}"


def became(code: int, missed: Sequence[str]) -> str:
    """What became of a run.

    Args:
        code: Its exit code.
        missed: What was not done or reached.
    """
    if code == INTERRUPTED:
        return "interrupted; what was done is recorded, the rest was not started"
    return f"partly done; {', '.join(missed)}" if code == PARTLY else "done"


def sums(outcomes: Iterable[tuple[str, str]]) -> Table:
    """How many lines came to which end.

    Args:
        outcomes: For each line what it is counted under, and the word for its end.
    """
    counts: dict[str, Counter[str]] = {}
    for name, word in outcomes:
        counts.setdefault(name, Counter())[word] += 1
    ends = {
        name: ", ".join(f"{count:,} {word}" for word, count in found.items())
        for name, found in counts.items()
    }
    return Table(tuple(((name, "name"), (text, "strong")) for name, text in ends.items()))


def section(sign: Sign, lines: Iterable[tuple[str, str, str]]) -> list[Block]:
    """Lines that came to the same end; nothing, if there are none.

    Args:
        sign: What became of them.
        lines: Of each what it was to do, the subject, and the reason of its end.
    """
    found = list(lines)
    if not found:
        return []
    title = f"{sign.word.capitalize()}: {several(len(found), 'line')}"
    parts: list[Block] = [PageLine(), PageLine(((title, "strong"), (f" ({sign.meaning})", "dim")))]
    for what, subject, reason in found[:_NAMED] if sign is NOT_STARTED else found:
        shown = safe_text(subject, _SUBJECT) or NO_SUBJECT
        spans = ((f"{sign.sign} ", sign.style), (f"{what:{_WHAT_CELLS}}", "dim"), (shown, ""))
        parts.append(PageLine(spans))
        if reason:
            parts.append(Paragraph(safe_text(reason, _REASON), sign.style, 4))
    if sign is NOT_STARTED and len(found) > _NAMED:
        parts.append(PageLine(((f"  … and {len(found) - _NAMED:,} more", "dim"),)))
    return parts


def _named(line: Line, reason: str = "") -> tuple[str, str, str]:
    return doing(line.kind, line.account), line.subject, reason


def _not_in_plan(plan: Plan, way_out: Callable[[Blocked], str]) -> list[Block]:
    parts: list[Block] = []
    for each in blocks(plan):
        title = ((f"! {blocked_text(each)}", "warn"), (f"  {RULES[each.rule]}", "note"))
        parts += [PageLine(), PageLine(title), Paragraph(way_out(each), "note", 4)]
    for missing in unmatched_texts(plan):
        parts += [PageLine(), Paragraph(f"! {missing}", "warn", 2)]
    if plan.waiting:
        parts.append(PageLine())
        parts += [PageLine(((f"? {waiting_text(each)}", "note"),)) for each in plan.waiting]
    if plan.held:
        rules = Counter(each.rule for each in plan.held)
        which = ", ".join(f"{count:,} {rule}" for rule, count in rules.items())
        parts += [PageLine(), Paragraph(f"{held_title(len(plan.held))} ({which})", "note")]
    return parts


def applies_text(user: str, directions: Sequence[Direction], why: str) -> str:
    """Which directions are applied for somebody, and why these."""
    return f"{user}: applies {', '.join(directions) or 'nothing'} ({why})"


def directions_line(plan: Plan, why: str) -> str:
    """Which directions a run applies, and what the others would do.

    Args:
        plan: What is to be applied.
        why: These directions, and no others.
    """
    left: Counter[str] = Counter()
    for (state, _, kind, _), count in plan.waits.items():
        if state == "left":
            left[KIND_DIRECTION.get(kind, "what is marked")] += count
    others = [f"{name} would do {several(count, 'line')}" for name, count in left.items()]
    return "; ".join((applies_text(plan.user, plan.options.directions, why), *others))


def result_text(found: Result) -> str:
    """The same in one line, for a run that is repeated."""
    counts = Counter(OUTCOMES[each.outcome].word for each in found.lines)
    parts = [f"{count:,} {word}" for word, count in counts.items()] or ["nothing to do"]
    parts += [
        f"{name} {not_reached(report.messages, short_error(report.error))}"
        for name, report in found.plan.mailboxes.items()
        if report.error
    ]
    parts += [*unmatched_texts(found.plan), *left_out(found.plan)]
    rules = [f"{each.account}:{each.rule}" for each in blocks(found.plan)]
    if rules:
        parts.append(f"blocked: {', '.join(rules)}")
    return f"{found.user}: {', '.join(parts)}"


# --- the history


def run_name(run: PastRun) -> str:
    """A run as a sentence names it."""
    return f"run {run.id} ({safe_text(run.command, 40)}, {local_moment(run.started)})"


def at_work_text(run: PastRun, pid: int | None) -> str:
    """That a run is under way in another process."""
    process = f"process {pid}" if pid is not None else "another process"
    return f"{run_name(run)} is at work: {process}"


def unfinished_text(run: PastRun, open_lines: int) -> str:
    """What an earlier run left open, and what follows.

    Args:
        run: A run without an end.
        open_lines: How many of its lines have an intent and no outcome.
    """
    if not open_lines:
        return f"{run_name(run)} did not end: no line was left open"
    them = "it" if open_lines == 1 else "them"
    return (
        f"{run_name(run)} did not end: {several(open_lines, 'line')} without an outcome; the next "
        f"run looks what became of {them}"
    )


def directions_text(run: PastRun) -> str:
    """The directions of a run."""
    every = set(run.directions) >= set(DIRECTIONS)
    return "all" if every else safe_text(", ".join(run.directions), 80)


def done_text(run: PastRun) -> str:
    """What a run did, what it did not do, and what of it was put back."""
    parts = [counted(run.counts)]
    if run.undone_lines:
        parts.append(f"{several(run.undone_lines, 'line')} not done")
    if run.open_lines:
        lines = several(run.open_lines, "line")
        parts.append(f"of {lines} the outcome is not known; the next run settles that")
    if run.exit == PARTLY and not (run.undone_lines or run.open_lines):
        parts.append("not every mailbox was reached")
    if 0 < run.put_back < run.deleted:
        parts.append(f"{run.put_back:,} of {run.deleted:,} put back")
    return "; ".join(parts)


def line_text(line: RunLine) -> str:
    """What a line of a run did, or was going to do."""
    if line.reason in (THERE, NOTHING_LEFT):
        return safe_text(f"nothing to put back {at(line.mailbox)}", _SUBJECT)
    return safe_text(did(line.kind, line.account, line.outcome), _SUBJECT)


def line_sign(line: RunLine) -> Sign:
    """What became of a line of a run."""
    there = line.outcome == "done" and line.reason in (THERE, NOTHING_LEFT)
    return THERE_ALREADY if there else OUTCOMES[line.outcome]


def reason_text(line: RunLine) -> str:
    """Why a line of a run came to its end; what the end means, where no reason was needed."""
    return safe_text(line.reason, 300) or OUTCOMES[line.outcome].meaning
