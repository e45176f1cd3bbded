"""Plans and earlier runs laid out for a terminal or a pipe; what they say comes from ``report``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.model import DELETIONS, UNDO, HeldLine, Line, Plan, UndoLine
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.plan import (
    Question,
    blocked_text,
    blocks,
    group_title,
    held_rule_text,
    held_title,
    left_out,
    sums_text,
    unmatched_texts,
    waiting_text,
)
from mailsync_tui.report.run import directions_text, done_text, line_text, reason_text
from mailsync_tui.report.words import (
    HOLDS,
    NO_SUBJECT,
    OUTCOMES,
    RULES,
    STATES,
    Span,
    doing,
    hold_in_words,
    local_day,
    local_moment,
    not_reached,
    several,
    short_name,
)
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.outcome import PastRun, RunLine
    from mailsync_tui.session.check import Checked

_SIGNS: dict[str, Span] = {
    "collect": ("+", "new"),
    "adopt": ("=", "dim"),
    "forget": (".", "dim"),
    "forward-delete": ("-", "gone"),
    "reverse-delete": ("-", "gone"),
    "delete": ("-", "gone"),
}
"""By kind of line, in the order in which they are printed: what goes stands at the end."""
_FIRST_LINES = 5
_SUBJECT = 200
"""Characters of a subject or sender that are looked at."""
_ENDLESS = 1000
"""Cells of a line where it may be of any length."""


def plan(screen: Screen, found: Plan) -> None:
    """The whole plan."""
    ledger = f"ledger serial {found.serial}" if found.serial else "no ledger yet"
    screen.line((f"Plan for {found.user}", "strong"), f", {ledger}")
    mailboxes(screen, found)
    blocked(screen, found)
    for (kind, account), lines in _groups(found.lines):
        screen.line("")
        _group(screen, kind, account, lines)
        for each in lines:
            plan_line(screen, each)
    held(screen, found)
    waiting(screen, found)
    screen.line("")
    sums = sums_text(Choice(found).sums(), screen.width or _ENDLESS)
    screen.line((", ".join((sums, *left_out(found))), "strong"))


def question(screen: Screen, found: Plan, asked: Question) -> None:
    """What a person needs to see before saying yes: the sums, and the first of all deletions."""
    screen.line((f"Plan for {found.user}", "strong"))
    mailboxes(screen, found)
    blocked(screen, found)
    screen.line("")
    for (kind, account), lines in _groups(found.lines):
        _group(screen, kind, account, lines)
        if kind in DELETIONS:
            for each in lines[:_FIRST_LINES]:
                plan_line(screen, each, indent=2)
            if len(lines) > _FIRST_LINES:
                screen.line((f"    … and {len(lines) - _FIRST_LINES} more", "dim"))
    waiting(screen, found)
    screen.line("")
    for sentence in asked.sentences:
        screen.text(sentence)


def _group(screen: Screen, kind: str, account: str, lines: Sequence[Line]) -> None:
    screen.line(
        _SIGNS[kind],
        (f" {group_title(kind, account)}", "strong"),
        f": {several(len(lines), 'line')}",
    )


def plan_line(screen: Screen, line: Line, indent: int = 0) -> None:
    """One line of a plan."""
    subject = safe_text(line.subject, _SUBJECT) or NO_SUBJECT
    sender = short_name(safe_text(line.sender, _SUBJECT))
    reason = safe_text(line.reason, _SUBJECT)
    width = screen.width
    sender_cells, subject_cells, reason_cells = 24, 60, len(reason)
    if width is not None:
        sender_cells = 16 if width < 100 else 24
        left = width - indent - 2 - 11 - sender_cells - 1
        reason_cells = min(len(reason), max(left // 2, 12))
        subject_cells = max(left - reason_cells - 1, 8)
    screen.line(
        " " * indent,
        _SIGNS[line.kind],
        " " + screen.fit(local_day(line.date), 11),
        screen.fit(sender, sender_cells) + " ",
        screen.fit(subject, subject_cells) + " ",
        (screen.fit(reason, reason_cells), "dim"),
    )


def mailboxes(screen: Screen, found: Plan) -> None:
    """Every mailbox: how much it holds, or why that is not known."""
    rows: list[list[Span]] = []
    for name, report in found.mailboxes.items():
        count = "–" if report.messages is None else several(report.messages, "message")
        error = not_reached(report.messages, report.error) if report.error else ""
        why = (error, "gone") if error else (report.left_out or "", "dim")
        rows.append([(name, "name"), (report.type, "dim"), (count, ""), why])
    screen.table(rows)
    for name, report in found.mailboxes.items():
        if report.note is not None:
            screen.text(f"note: {name}: {report.note}", "note", 2)
    for missing in unmatched_texts(found):
        screen.text(f"warning: {missing}", "warn", 2)


def blocked(screen: Screen, found: Plan) -> None:
    """What guards stopped, with the ways out."""
    for number, each in enumerate(blocks(found)):
        if not number:
            screen.line("")
        screen.line((f"! {blocked_text(each)}", "warn"), (f"  {RULES[each.rule]}", "note"))
        screen.text(each.detail, "note", indent=4)


def held(screen: Screen, found: Plan) -> None:
    """The lines that wait for a person, by the rule that holds them back."""
    if not found.held:
        return
    screen.line("")
    screen.line(
        (held_title(len(found.held)), "note"),
        "; `plan --reconsider` brings them back, but for what [hold] protects",
    )
    order = list(HOLDS)
    for rule, group in groupby(sorted(found.held, key=lambda x: order.index(x.rule)), _rule):
        lines = list(group)
        title, meaning = held_rule_text(rule, len(lines))
        screen.line((": ", "note"), (title, "strong"), f", {meaning}")
        for each in lines:
            screen.line(
                ("  : ", "note"),
                screen.fit(doing(each.kind, each.account), 26) + " ",
                screen.fit(local_day(each.since), 11),
                safe_text(each.subject, _SUBJECT) or NO_SUBJECT,
                (f"  {hold_in_words(each.hold)}" if each.hold else "", "dim"),
            )
            if each.reason:
                screen.text(safe_text(each.reason, 300), "dim", indent=4)


def _rule(line: HeldLine) -> str:
    return line.rule


def waiting(screen: Screen, found: Plan) -> None:
    """What is missing, and not known to be deleted."""
    for number, each in enumerate(found.waiting):
        if not number:
            screen.line("")
        screen.line(("? ", "note"), waiting_text(each))


def undo_question(screen: Screen, asked: Question, shown: Sequence[UndoLine]) -> None:
    """What a person needs to see before saying yes: what goes where, and what cannot."""
    for sentence in asked.sentences:
        screen.text(sentence)
    able = [line for line in shown if line.problem is None]
    for line in able[:_FIRST_LINES]:
        what = screen.fit(doing(UNDO + line.kind, line.account), 26)
        screen.line(
            ("< ", "new"), (f"{what} ", "dim"), safe_text(line.subject, _SUBJECT) or NO_SUBJECT
        )
    if len(able) > _FIRST_LINES:
        screen.line((f"  … and {len(able) - _FIRST_LINES:,} more", "dim"))
    for line in shown:
        if line.problem is not None:
            screen.line(("! ", "warn"), safe_text(line.subject, _SUBJECT) or NO_SUBJECT)
            screen.text(safe_text(line.problem), "warn", indent=4)


def check(screen: Screen, user: str, checked: Iterable[Checked]) -> None:
    """What ``check`` found."""
    screen.line((f"Mailboxes of {user}", "strong"))
    for each in checked:
        screen.line("")
        facts = each.facts
        title: list[Span] = [(each.config.name, "name"), (f" ({each.config.type})", "dim")]
        if facts is not None:
            more = f": {facts.protocol}, {facts.encryption}, {several(each.messages, 'message')}"
            title.append((safe_text(more), ""))
        screen.line(*title)
        if each.error is not None:
            screen.text(not_reached(None, each.error), "gone", 2)
        if facts is not None:
            if facts.capabilities:
                screen.text(safe_text("capabilities: " + " ".join(facts.capabilities)), "", 2)
            folders(screen, each)
            for note in facts.notes:
                screen.text(f"note: {safe_text(note)}", "", 2)
        for warning in each.warnings:
            screen.text(f"warning: {safe_text(warning)}", "note", 2)


def folders(screen: Screen, checked: Checked) -> None:
    """The folders of a mailbox, with their roles and counts; none of one that was not reached."""
    screen.table(
        [
            [(safe_text(name), ""), (str(role), "dim"), (f"{count:,}", "")]
            for name, role, count in (checked.facts.folders if checked.facts else ())
        ],
        indent=4,
    )


def history(screen: Screen, runs: Sequence[PastRun]) -> None:
    """Earlier runs."""
    rows: list[list[Span]] = []
    for run in runs:
        state = STATES[run.state]
        rows.append(
            [
                (str(run.id), "name"),
                (f"{state.sign} {state.word}", state.style),
                (local_moment(run.started), ""),
                (safe_text(run.command), ""),
                (directions_text(run), "dim"),
                (done_text(run), ""),
            ]
        )
    screen.table(rows, indent=0)
    if not rows:
        screen.line("No run yet.")


def past_run(screen: Screen, run: PastRun, lines: Iterable[RunLine]) -> None:
    """One earlier run, line by line, with the ids that ``--line`` takes."""
    history(screen, [run])
    for each in lines:
        outcome = OUTCOMES[each.outcome]
        why = "" if each.outcome == "done" and not each.reason else reason_text(each)
        screen.line(
            "  ",
            (each.id + " ", "dim"),
            (screen.fit(f"{outcome.sign} {outcome.word}", 11), outcome.style),
            screen.fit(line_text(each), 42) + " ",
            screen.fit(safe_text(each.subject, _SUBJECT) or NO_SUBJECT, 36) + " ",
            (why, "dim"),
        )


def _groups(lines: Iterable[Line]) -> list[tuple[tuple[str, str], list[Line]]]:
    order = {kind: number for number, kind in enumerate(_SIGNS)}
    ordered = sorted(lines, key=lambda line: (order[line.kind], line.account))
    return [(key, list(group)) for key, group in groupby(ordered, lambda x: (x.kind, x.account))]
