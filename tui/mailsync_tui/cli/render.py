"""Plans and results laid out for a terminal or a pipe; what they say comes from ``report``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from mailsync_tui.cli.screen import Screen
from mailsync_tui.engine.model import DELETIONS, UNDO
from mailsync_tui.report import plan as wording
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.words import (
    HOLDS,
    NO_SUBJECT,
    RULES,
    Span,
    doing,
    hold_in_words,
    local_day,
    not_reached,
    several,
    short_name,
)
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.model import HeldLine, Line, Plan
    from mailsync_tui.engine.outcome import Result

_SIGNS: dict[str, Span] = {
    "collect": ("+", "new"),
    "adopt": ("=", "dim"),
    "forget": (".", "dim"),
    "forward-delete": ("-", "gone"),
    "reverse-delete": ("-", "gone"),
}
"""By kind of line, in the order in which they are printed: what goes stands at the end."""
_DONE = {
    "collect": "collected",
    "adopt": "adopted",
    "forget": "forgotten",
    "forward-delete": "deleted from the consolidated mailbox",
    "reverse-delete": "deleted there",
}
_OUTCOME: dict[str, str] = {"failed": "gone", "skipped": "note", "vanished": "dim"}
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
    sums = wording.sums_text(Choice(found).sums(), screen.width or _ENDLESS)
    screen.line((", ".join((sums, *wording.left_out(found))), "strong"))


def question(screen: Screen, found: Plan, asked: wording.Question) -> None:
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
        (f" {wording.group_title(kind, account)}", "strong"),
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
        rows.append([(name, "name"), (report.type, "dim"), (count, ""), (error, "gone")])
    screen.table(rows)


def blocked(screen: Screen, found: Plan) -> None:
    """What guards stopped, with the ways out."""
    for number, each in enumerate(wording.blocks(found)):
        if not number:
            screen.line("")
        screen.line((f"! {wording.blocked_text(each)}", "warn"), (f"  {RULES[each.rule]}", "note"))
        screen.text(each.detail, "note", indent=4)


def held(screen: Screen, found: Plan) -> None:
    """The lines that wait for a person, by the rule that holds them back."""
    if not found.held:
        return
    screen.line("")
    screen.line(
        (wording.held_title(len(found.held)), "note"),
        "; `plan --reconsider` brings them back, but for what [hold] protects",
    )
    order = list(HOLDS)
    for rule, group in groupby(sorted(found.held, key=lambda x: order.index(x.rule)), _rule):
        lines = list(group)
        title, meaning = wording.held_rule_text(rule, len(lines))
        screen.line((": ", "note"), (title, "strong"), f", {meaning}")
        for each in lines:
            screen.line(
                (": ", "note"),
                screen.fit(doing(each.kind, each.account), 26) + " ",
                screen.fit(local_day(each.since), 11),
                safe_text(each.subject, _SUBJECT) or NO_SUBJECT,
                (f"  {hold_in_words(each.hold)}" if each.hold else "", "dim"),
            )


def _rule(line: HeldLine) -> str:
    return line.rule


def waiting(screen: Screen, found: Plan) -> None:
    """What is missing, and not known to be deleted."""
    for number, each in enumerate(found.waiting):
        if not number:
            screen.line("")
        screen.line(("? ", "note"), wording.waiting_text(each))


def result(screen: Screen, found: Result) -> None:
    """What a run did: sums for each account, and every line that was not done."""
    title = (
        f"Run {found.run} for {found.user}" if found.run else f"Nothing was done for {found.user}"
    )
    if found.run is None and not found.plan.lines:
        title = f"Nothing to do for {found.user}"
    screen.line((title, "strong"))
    for name, report in found.plan.mailboxes.items():
        if report.error:
            screen.text(f"{name}: not reached completely: {safe_text(report.error)}", "gone", 2)
    for account, text in _sums(found):
        screen.text(f"{account}: {text}", indent=2)
    for each in found.lines:
        if each.outcome in ("failed", "skipped"):
            outcome_line(screen, each.outcome, each.line.kind, each.line.account, each.line.subject)
            screen.text(safe_text(each.reason), "dim", indent=4)
    blocked(screen, found.plan)
    if found.plan.held:
        rules = Counter(each.rule for each in found.plan.held)
        told = ", ".join(f"{count} {rule}" for rule, count in rules.items())
        screen.line(("  held", "note"), f": {told}; see `plan`")
    waiting(screen, found.plan)


def short_result(found: Result) -> str:
    """The same in one line, for a run that is repeated."""
    outcomes = Counter(each.outcome for each in found.lines)
    parts = [f"{count} {outcome}" for outcome, count in outcomes.items()] or ["nothing to do"]
    away = [name for name, report in found.plan.mailboxes.items() if report.error]
    if away:
        parts.append(f"not reached: {', '.join(away)}")
    if found.plan.blocked:
        parts.append("blocked: " + ", ".join(f"{b.account}:{b.rule}" for b in found.plan.blocked))
    if found.plan.held:
        parts.append(f"{len(found.plan.held)} held")
    return f"{found.user}: {', '.join(parts)}"


def history(screen: Screen, runs: Sequence[dict[str, Any]]) -> None:
    """Earlier runs."""
    rows: list[list[Span]] = []
    for run in runs:
        counts = ", ".join(_count(kind, n) for kind, n in run["counts"].items()) or "nothing"
        state = "" if run["state"] == "done" else "note"
        directions = ",".join(run["directions"])
        rows.append(
            [
                (run["run"], "name"),
                (_moment(run["started"]), ""),
                (safe_text(run["command"]), ""),
                (directions, "dim"),
                (run["state"], state),
                (counts, ""),
            ]
        )
    screen.table(rows, indent=0)
    if not rows:
        screen.line("No run yet.")


def past_run(screen: Screen, run: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
    """One earlier run, line by line, with the ids that ``--line`` takes."""
    history(screen, [run])
    for each in lines:
        screen.line(
            "  ",
            (each["id"] + " ", "dim"),
            (screen.fit(each["outcome"], 9), _OUTCOME.get(each["outcome"], "")),
            screen.fit(each["kind"], 15),
            (screen.fit(each["account"], 10) + " ", "name"),
            screen.fit(safe_text(each["subject"], _SUBJECT) or "(no subject)", 36) + " ",
            (safe_text(each["reason"]), "dim"),
        )


def _count(kind: str, number: int) -> str:
    undone = kind.removeprefix(UNDO)
    return f"{number} {kind}" if undone == kind else f"{number} {undone} put back"


def _groups(lines: Iterable[Line]) -> list[tuple[tuple[str, str], list[Line]]]:
    order = {kind: number for number, kind in enumerate(_SIGNS)}
    ordered = sorted(lines, key=lambda line: (order[line.kind], line.account))
    return [(key, list(group)) for key, group in groupby(ordered, lambda x: (x.kind, x.account))]


def _sums(found: Result) -> list[tuple[str, str]]:
    counts: dict[str, Counter[str]] = {}
    for each in found.lines:
        word = _DONE[each.line.kind] if each.outcome == "done" else each.outcome
        counts.setdefault(each.line.account, Counter())[word] += 1
    return [
        (account, ", ".join(f"{count} {word}" for word, count in words.items()))
        for account, words in sorted(counts.items())
    ]


def outcome_line(screen: Screen, outcome: str, kind: str, account: str, subject: str) -> None:
    """One line of a result, whose reason follows."""
    screen.line(
        "  ",
        (f"{outcome} ", _OUTCOME.get(outcome, "")),
        f"{kind} ",
        (account, "name"),
        f" {safe_text(subject, 60) or '(no subject)'}",
    )


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
