"""What the preview tells around its lines: head, foot, detail, why, what letting through means."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync_tui.engine.model import DELETIONS, Accept, Blocked, Line, Plan
from mailsync_tui.report import wording, words
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.words import short_name, size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.preview import (
    LineGroup,
    Previewed,
    Single,
    TextRow,
    blocked_text,
    stopped,
    way_out,
)

Part = tuple[str, str]
"""Text that is safe, and a style of the theme (empty: plain)."""

_STATES = {
    "in": "",
    "out": "Taken out: not done, and held from now on if the rest is applied.",
    "falls": "Falls with a line that it needs and that is out: space takes both in.",
    "over": "Holds no more since the mailboxes were listed again: not done.",
}
_MORE = (
    "With them go {lines} that it stops as well, counted under another account or rule (the "
    "message is gone from several accounts, or doubtful for several reasons)."
)
_NEW = "New since this plan was first shown: not done unless you take it in (space)."


def head(plan: Plan) -> str:
    """What the plan is about, and what is not in it."""
    options = plan.options
    parts = [f" {wording.heading(options.directions, reconsidered=options.reconsider)}"]
    parts.append(f"listed at {plan.created.astimezone():%H:%M}")
    away = [name for name, report in plan.mailboxes.items() if not report.complete]
    if away:
        parts.append(f"not reached: {', '.join(away)}")
    if plan.held:
        parts.append(f"{len(plan.held):,} held")
    waiting = sum(each.count for each in plan.waiting)
    if waiting:
        parts.append(f"{waiting:,} wait")
    return "   ".join(parts)


def foot(choice: Choice, filtered: int | None, width: int) -> list[Part]:
    """The sums of what is left, and on a second line how much is not."""
    total = len(choice.lines)
    parts: list[Part] = []
    if choice.out:
        parts.append((f"{len(choice.out):,} of {total:,} taken out", "$text-warning"))
    if choice.fallen:
        parts.append((f"{len(choice.fallen):,} fall with what they need", "$text-warning"))
    if choice.undecided:
        parts.append((f"{len(choice.undecided):,} new, left out", "$text-success"))
    if filtered is not None:
        parts.append((f"filter: {filtered:,} shown (Esc ends)", "$text-accent"))
    if not parts:
        parts.append((f"all of {words.several(total, 'line')}", "$text-muted"))
    first: Part = (f" {wording.sums(choice.sums(), width - 2)}\n", "bold")
    return [first, *((f" {text}  ", style) for text, style in parts)]


def detail(lines: Previewed, cursor: int) -> list[Part]:
    """Three lines about what the cursor stands on; more where something is stopped."""
    blocked = lines.blocked(cursor)
    if blocked is not None:
        told = words.sentence(safe_text(blocked.detail, 600))
        return [(told, ""), (way_out(blocked), "$text-warning")]
    row = lines.rows[cursor] if cursor < len(lines) else None
    if isinstance(row, TextRow):
        return [(row.whole, "")]
    if isinstance(row, LineGroup):
        return _group(row, lines)
    return _line(row.line, lines.choice) if isinstance(row, Single) else []


def _group(row: LineGroup, lines: Previewed) -> list[Part]:
    left, octets = lines.left(row)
    told = (
        f"{words.several(left, 'line')} of {len(row.lines):,} to be done, {size_in_words(octets)}"
    )
    return [(row.title, "bold"), (told, ""), ("space takes all of them out, or in", "$text-muted")]


def _line(line: Line, choice: Choice) -> list[Part]:
    when = f"{line.date.astimezone():%Y-%m-%d %H:%M}" if line.date else "no date"
    sender = safe_text(line.sender, 200)
    who = f"{short_name(sender)}   {when}   {size_in_words(line.size)}   {wording.undo(line)}"
    return [
        (safe_text(line.subject, 400) or "(no subject)", "bold"),
        (who, "$text-accent"),
        (state(line, choice) or f"{wording.action(line)}: {safe_text(line.reason, 300)}", ""),
    ]


def state(line: Line, choice: Choice) -> str:
    """How a line stands, if it is not simply in."""
    return _NEW if line.id in choice.undecided else _STATES[choice.state(line.id)]


def why(line: Line, choice: Choice) -> list[tuple[str, str]]:
    """Why a line is in the plan: names and texts."""
    facts = [("What", wording.action(line)), ("Why", line.reason)]
    facts += [
        ("How that is known" if not n else "", s) for n, s in enumerate(wording.evidence(line))
    ]
    facts.append(("From", line.sender or "(no sender)"))
    facts.append(("Size", f"{line.size:,} octets"))
    facts.append(("Message-ID", line.message_id or "none"))
    for need in line.needs:
        needed = choice.lines.get(need)
        facts.append(("Needs", wording.action(needed) if needed else "a line that is no more"))
    for name in choice.followers.get(line.id, ()):
        follower = choice.lines[name]
        facts.append(("With it", f"{wording.action(follower)}: {follower.reason}"))
    facts.append(("Undo", _undo(line)))
    told = state(line, choice)
    return [*facts, ("Now", told)] if told else facts


def why_blocked(blocked: Blocked) -> list[tuple[str, str]]:
    """Why a guard stopped something, and what can be done: names and texts."""
    return [
        ("Why", words.sentence(blocked.detail)),
        ("How to go on", way_out(blocked).removeprefix("Here: ")),
    ]


def _undo(line: Line) -> str:
    if line.kind not in DELETIONS:
        return "not needed: nothing is deleted"
    return {
        "full": "yes: from the history, back to where it was, with flags and date",
        "consolidated-only": "in part: no mail can be put back on this server, so it comes back in "
        "the consolidated mailbox only, as its own mail",
        "none": "no",
    }[line.undo]


def changes(choice: Choice) -> str:
    """What another look brought, as a notice."""
    parts = []
    if choice.undecided:
        parts.append(f"{len(choice.undecided):,} new and left out")
    if choice.over:
        parts.append(f"{len(choice.over):,} no more")
    return f"Changed since: {', '.join(parts)}. Look, then press a again."


def acceptance(blocked: Blocked, plan: Plan) -> tuple[str, Sequence[str]]:
    """What letting through means: a title and sentences."""
    same = [x for x in stopped(plan) if (x.account, x.rule) == (blocked.account, blocked.rule)]
    more = sum(each.allow - each.count for each in same)
    sentences = [
        *(f"{blocked_text(each)}." for each in same),
        *([_MORE.format(lines=words.several(more, "line"))] if more else []),
        words.sentence(blocked.detail),
        "They then stand in the plan as ordinary lines, for this once; nothing is done before "
        "you have applied it.",
        f"To let them through, type the account's name: {blocked.account}",
    ]
    return f"Let through what is blocked on {blocked.account}?", sentences


def accepted(blocked: Blocked, plan: Plan) -> Accept:
    """What is let through once it was typed: no more lines than :func:`acceptance` told."""
    same = [x for x in stopped(plan) if (x.account, x.rule) == (blocked.account, blocked.rule)]
    return Accept(blocked.account, blocked.rule, max(each.allow for each in same))
