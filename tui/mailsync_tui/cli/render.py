"""Plans and results as a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from mailsync_tui.cli.screen import Screen, Span, Style
from mailsync_tui.engine.model import DELETIONS, UNDO
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.engine.model import Line, Plan
    from mailsync_tui.engine.outcome import Result

_SIGNS: dict[str, Span] = {
    "collect": ("+", "green"),
    "adopt": ("=", "dim"),
    "forget": (".", "dim"),
    "forward-delete": ("-", "red"),
    "reverse-delete": ("-", "red"),
}
_DONE = {
    "collect": "collected",
    "adopt": "adopted",
    "forget": "forgotten",
    "forward-delete": "deleted from the consolidated mailbox",
    "reverse-delete": "deleted there",
}
_OUTCOME: dict[str, Style] = {"failed": "red", "skipped": "yellow", "vanished": "dim"}
_FIRST_LINES = 5
_SUBJECT = 200
"""Characters of a subject or sender that are looked at."""


def plan(screen: Screen, found: Plan) -> None:
    """The whole plan."""
    ledger = f"ledger serial {found.serial}" if found.serial else "no ledger yet"
    screen.line((f"Plan for {found.user}", "bold"), f", {ledger}")
    mailboxes(screen, found)
    blocked(screen, found)
    for (kind, account), lines in _groups(found.lines):
        screen.line("")
        screen.line((f"{kind} {account}", "bold"), f": {len(lines)}")
        for each in lines:
            plan_line(screen, each)
    held(screen, found)
    waiting(screen, found)
    screen.line("")
    screen.line((_counted(found), "bold"))


def question(screen: Screen, found: Plan) -> None:
    """What a person needs to see before saying yes: the sums, and the first of all deletions."""
    screen.line((f"Plan for {found.user}", "bold"))
    mailboxes(screen, found)
    blocked(screen, found)
    screen.line("")
    for (kind, account), lines in _groups(found.lines):
        screen.line(_SIGNS[kind], (f" {kind} {account}", "bold"), f": {len(lines)}")
        if kind in DELETIONS:
            for each in lines[:_FIRST_LINES]:
                plan_line(screen, each, indent=2)
            if len(lines) > _FIRST_LINES:
                screen.line((f"    … and {len(lines) - _FIRST_LINES} more", "dim"))
    waiting(screen, found)


def plan_line(screen: Screen, line: Line, indent: int = 0) -> None:
    """One line of a plan."""
    subject = safe_text(line.subject, _SUBJECT) or "(no subject)"
    sender = safe_text(line.sender, _SUBJECT)
    sender = sender.partition(" <")[0] or sender
    reason = line.reason
    width = screen.width
    account_cells, sender_cells, subject_cells, reason_cells = 10, 24, 60, len(reason)
    if width is not None:
        account_cells, sender_cells = (8, 14) if width < 100 else (12, 22)
        left = width - indent - 2 - 15 - account_cells - 1 - 11 - sender_cells - 1
        reason_cells = min(len(reason), max(left // 2, 12))
        subject_cells = max(left - reason_cells - 1, 8)
    screen.line(
        " " * indent,
        _SIGNS[line.kind],
        " " + screen.fit(line.kind, 15),
        (screen.fit(line.account, account_cells) + " ", "cyan"),
        screen.fit(_day(line.date), 11),
        screen.fit(sender, sender_cells) + " ",
        screen.fit(subject, subject_cells) + " ",
        (screen.fit(reason, reason_cells), "dim"),
    )


def mailboxes(screen: Screen, found: Plan) -> None:
    """Every mailbox: how much it holds, or why that is not known."""
    rows: list[list[Span]] = []
    for name, report in found.mailboxes.items():
        count = "–" if report.messages is None else f"{report.messages:,} messages"
        note: Span = ("", "")
        if report.error:
            reached = "not reached" if report.messages is None else "not complete"
            note = (f"{reached}: {safe_text(report.error)}", "red")
        rows.append([(name, "cyan"), (report.type, "dim"), (count, ""), note])
    screen.table(rows)


def blocked(screen: Screen, found: Plan) -> None:
    """What guards stopped, with the ways out."""
    if not found.blocked:
        return
    screen.line("")
    screen.line(("Blocked", "bold red"))
    for each in found.blocked:
        screen.line(
            ("! ", "red"), (each.account, "cyan"), f" {each.kind} {each.rule}: {each.count} lines"
        )
        screen.text(each.detail, "yellow", indent=4)


def held(screen: Screen, found: Plan) -> None:
    """The lines that wait for a person."""
    if not found.held:
        return
    screen.line("")
    screen.line(
        ("Held", "bold yellow"),
        f": {len(found.held)}, never applied unasked; `plan --reconsider` brings them back,"
        " but for what [hold] protects",
    )
    for each in found.held:
        screen.line(
            ("? ", "yellow"),
            screen.fit(each.kind, 15),
            (screen.fit(each.account, 10) + " ", "cyan"),
            screen.fit(each.rule, 10) + " ",
            screen.fit(_day(each.since), 11),
            (f"{safe_text(each.hold)} " if each.hold else "", "dim"),
            safe_text(each.subject, _SUBJECT) or "(no subject)",
        )


def waiting(screen: Screen, found: Plan) -> None:
    """What is unknown for now."""
    if not found.waiting:
        return
    screen.line("")
    screen.line(("Waiting", "bold"), ": not known to be gone yet")
    for each in found.waiting:
        screen.line(
            ("~ ", "dim"),
            (each.account, "cyan"),
            f" {each.kind}: {each.count}, {safe_text(each.detail)}",
        )


def result(screen: Screen, found: Result) -> None:
    """What a run did: sums for each account, and every line that was not done."""
    title = (
        f"Run {found.run} for {found.user}" if found.run else f"Nothing was done for {found.user}"
    )
    if found.run is None and not found.plan.lines:
        title = f"Nothing to do for {found.user}"
    screen.line((title, "bold"))
    for name, report in found.plan.mailboxes.items():
        if report.error:
            screen.text(f"{name}: not reached completely: {safe_text(report.error)}", "red", 2)
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
        screen.line(("  held", "yellow"), f": {told}; see `plan`")
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
        state: Style = "" if run["state"] == "done" else "yellow"
        directions = ",".join(run["directions"])
        rows.append(
            [
                (run["run"], "cyan"),
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
            (screen.fit(each["account"], 10) + " ", "cyan"),
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


def _counted(found: Plan) -> str:
    counts: Counter[str] = Counter(line.kind for line in found.lines)
    parts = [f"{counts[kind]} {kind}" for kind in _SIGNS if counts[kind]] or ["nothing to do"]
    if found.held:
        parts.append(f"{len(found.held)} held")
    stopped = sum(each.count for each in found.blocked)
    if found.blocked:
        parts.append(f"{stopped} blocked")
    return ", ".join(parts)


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
        (account, "cyan"),
        f" {safe_text(subject, 60) or '(no subject)'}",
    )


def _day(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d") if moment else ""


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
