"""What the preview has around its lines: head, foot, and more of what the cursor stands on."""

from __future__ import annotations

from mailsync_tui.engine.model import Blocked, Line, Plan
from mailsync_tui.report import words
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.plan import (
    action_text,
    can_accept,
    heading,
    left_out,
    state_text,
    sums_text,
    undo_text,
    way_out,
)
from mailsync_tui.report.words import short_name, size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.preview import LineGroup, Previewed, Single, TextRow

Part = tuple[str, str]
"""Text that is safe, and a style of the theme (empty: plain)."""


def head(plan: Plan) -> str:
    """What the plan is about, and what is not in it."""
    parts = [f" {heading(plan.options)}", f"listed at {plan.created.astimezone():%H:%M}"]
    away = [name for name, report in plan.mailboxes.items() if not report.complete]
    if away:
        parts.append(f"not reached: {', '.join(away)}")
    return "   ".join((*parts, *left_out(plan, plan.options.directions)))


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
    first: Part = (f" {sums_text(choice.sums(), width - 2)}\n", "bold")
    return [first, *((f" {text}  ", style) for text, style in parts)]


def detail(lines: Previewed, cursor: int) -> list[Part]:
    """Three lines about what the cursor stands on; more where something is stopped."""
    blocked = lines.blocked(cursor)
    if blocked is not None:
        cause, out = why_blocked(blocked)
        return [(cause[1], ""), (out[1], "$text-warning")]
    row = lines.rows[cursor] if cursor < len(lines) else None
    if isinstance(row, TextRow):
        return [(row.whole, "")]
    if isinstance(row, LineGroup):
        return _group(row, lines)
    return _line(row.line, lines.choice) if isinstance(row, Single) else []


def _group(row: LineGroup, lines: Previewed) -> list[Part]:
    left, octets = lines.left(row)
    count = f"{words.several(left, 'line')} of {len(row.lines):,} to be done"
    return [
        (row.title, "bold"),
        (f"{count}, {size_in_words(octets)}", ""),
        ("space takes all of them out, or in", "$text-muted"),
    ]


def _line(line: Line, choice: Choice) -> list[Part]:
    when = words.local_moment(line.date) if line.date else "no date"
    sender = safe_text(line.sender, 200)
    who = f"{short_name(sender)}   {when}   {size_in_words(line.size)}   {undo_text(line)}"
    now = state_text(line, choice)
    if now and line.id in choice.lines:
        now += " Space takes it in."
    return [
        (safe_text(line.subject, 400) or words.NO_SUBJECT, "bold"),
        (who, "$text-accent"),
        (now or f"{action_text(line)}: {safe_text(line.reason, 300)}", ""),
    ]


def why_blocked(blocked: Blocked) -> list[tuple[str, str]]:
    """Why a guard stopped something, and what can be done here: names and texts."""
    accept = f"press A and type {blocked.account} to let them through this once"
    out = way_out(blocked, accept)
    if can_accept(blocked):
        out += " Until then nothing of this is deleted."
    return [("Why", words.sentence(blocked.cause)), ("How to go on", out)]
