"""How it stands, from the ledger alone: the last run, what is away, what waits for a person."""

from __future__ import annotations

from collections import Counter

from mailsync_tui.engine.model import KIND_DIRECTION
from mailsync_tui.engine.outcome import PastRun, Status
from mailsync_tui.report.page import Block, Page, PageLine, Paragraph, Table
from mailsync_tui.report.run import done_text, run_name
from mailsync_tui.report.words import (
    HOLDS,
    RULES,
    STATES,
    Span,
    local_day,
    local_moment,
    several,
    short_error,
)
from mailsync_tui.text.safe import safe_text


def status_page(status: Status, at_work: str | None) -> Page:
    """One person's.

    Args:
        status: What the ledger says.
        at_work: What a run does now, or left open; ``None``: there is none.
    """
    looked = max(filter(None, status.reached.values()), default=None)
    rows: list[tuple[Span, ...]] = [(("last run", "name"), _last(status.last))]
    if looked is not None:
        rows.append((("last look", "name"), (local_moment(looked), "")))
    if at_work is not None:
        rows.append((("at work", "name"), (safe_text(at_work, 300), "note")))
    parts: list[Block] = [Table(tuple(rows))]
    if status.away:
        parts += [PageLine(), PageLine((("Not reached", "gone"),))]
    for row in status.away:
        text = f"{row.name}, since {local_moment(row.since)}: {short_error(row.error)}"
        tries = f"{several(row.tries, 'try', 'tries')}; not tried unasked before"
        parts.append(Paragraph(f"{text} ({tries} {local_moment(row.next)})", "", 2))
    waits = [(row.key, row) for row in status.waits if row.key[0] != "refused"]
    if waits:
        parts += [PageLine(), PageLine((("Waits for you", "warn"),))]
        parts.append(
            Table(
                tuple(
                    (
                        (_WORDS[state], "warn" if state == "blocked" else "note"),
                        (account, "name"),
                        (KIND_DIRECTION.get(kind, kind), ""),
                        (several(row.lines, "line"), "strong"),
                        (f"since {local_day(row.since)}", "dim"),
                        (_why(rule), "dim"),
                    )
                    for (state, account, kind, rule), row in waits
                )
            )
        )
    return Page(f"Status of {status.user}", tuple(parts))


_WORDS = {"held": "held", "blocked": "blocked", "left": "not applied"}


def _why(rule: str) -> str:
    meaning = HOLDS[rule][0] if rule in HOLDS else RULES.get(rule, "")
    return f"{rule}: {meaning}" if rule else "not asked for"


def _last(run: PastRun | None) -> Span:
    if run is None:
        return "no run yet", "dim"
    state = STATES[run.state]
    return f"{run_name(run)}: {state.word}, {done_text(run)}", state.style


def status_row(status: Status) -> tuple[Span, ...]:
    """The same in one line of a table, for several people."""
    lines: Counter[str] = Counter()
    for row in status.waits:
        if row.key[0] != "refused":
            lines[_WORDS[row.key[0]]] += row.lines
    waits = ", ".join(f"{count:,} {word}" for word, count in lines.items())
    away = ", ".join(row.name for row in status.away)
    return (
        (status.user, "name"),
        _last(status.last),
        (waits or "nothing waits", "note" if waits else "dim"),
        (f"not reached: {away}" if away else "", "gone"),
    )
