"""Results, history and check as JSON; a plan's form is that of its file.

That is loaded where something is printed as JSON, and not for every command.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mailsync_tui.engine.model import UNDO, Line, Plan, UndoLine
from mailsync_tui.engine.outcome import PastRun, Result, RunLine, RunState, UndoResult
from mailsync_tui.report.words import OUTCOMES

if TYPE_CHECKING:
    from mailsync_tui.errors import Problem
    from mailsync_tui.session.check import Checked

_STATES: dict[RunState, str] = {"unfinished": "interrupted"}
"""JSON has one word for both; what was killed has no ``ended``."""


def line(document: object) -> str:
    """One JSON value on one line, in ASCII: a terminal shows it harmlessly too."""
    return json.dumps(document)


def result(found: Result | UndoResult) -> dict[str, Any]:
    """The result of apply, sync, undo and rebase; an undo has the undone run's lines."""
    lines = [_line(each.line, each.line.kind, each.outcome, each.reason) for each in found.lines]
    return _result(found.user, found.run, found.plan, lines, found.exit)


def _line(found: Line | UndoLine | RunLine, kind: str, outcome: str, reason: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": kind,
        "account": found.account,
        "message_id": found.message_id,
        "outcome": outcome,
        "reason": reason,
    }


def _result(
    user: str,
    run: str | None,
    plan: Plan | None,
    lines: list[dict[str, Any]],
    code: int | None,
) -> dict[str, Any]:
    from mailsync_tui.session.plan_file import VERSION, blocked_form, held_form, mailboxes_form

    return {
        "version": VERSION,
        "user": user,
        "run": run,
        "mailboxes": mailboxes_form(plan) if plan else {},
        "lines": lines,
        "held": held_form(plan) if plan else [],
        "blocked": blocked_form(plan) if plan else [],
        "exit": code,
    }


def failure(user: str, code: int, text: str, plan: Plan | None = None) -> dict[str, Any]:
    """The result of a run that could not begin; ``error`` says why.

    Args:
        user: Whose it is.
        code: The exit code.
        text: Why, in words.
        plan: What was seen before; nothing of it but the mailboxes is a result.
    """
    seen = replace(plan, held=(), blocked=()) if plan else None
    return {**_result(user, None, seen, [], code), "error": text}


def runs(found: Iterable[PastRun]) -> list[dict[str, Any]]:
    """The history, newest first."""
    from mailsync_tui.session.plan_file import utc

    return [
        {
            "run": str(each.id),
            "started": utc(each.started),
            "ended": utc(each.ended) if each.ended else None,
            "command": each.command,
            "directions": list(each.directions),
            "counts": dict(each.counts),
            "state": _STATES.get(each.state, each.state),
        }
        for each in found
    ]


def past_run(user: str, run: PastRun, lines: Iterable[RunLine]) -> dict[str, Any]:
    """One run of the history as a result; a line without an outcome may not be done."""
    shown = [
        _line(
            each,
            each.kind.removeprefix(UNDO),
            each.outcome or "failed",
            each.reason if each.outcome else OUTCOMES[None].meaning,
        )
        for each in lines
    ]
    return _result(user, str(run.id), None, shown, run.exit)


def check(
    user: str | None, checked: Iterable[Checked], problems: Iterable[Problem], code: int
) -> dict[str, Any]:
    """What ``check`` found: in the mailboxes, or else in the configuration."""
    from mailsync_tui.session.plan_file import VERSION

    return {
        "version": VERSION,
        "user": user,
        "mailboxes": {each.config.name: _mailbox(each) for each in checked},
        "problems": [{"key": p.key, "message": p.message, "nearest": p.nearest} for p in problems],
        "exit": code,
    }


def check_failure(user: str, exit_code: int, text: str) -> dict[str, Any]:
    """The JSON where a person's mailboxes could not be looked at."""
    return {**check(user, (), (), exit_code), "error": text}


def _mailbox(each: Checked) -> dict[str, Any]:
    """One mailbox as JSON."""
    facts = each.facts
    return {
        "type": each.config.type,
        "protocol": facts.protocol if facts else None,
        "encryption": facts.encryption if facts else None,
        "capabilities": list(facts.capabilities) if facts else [],
        "messages": each.messages if facts else None,
        "folders": [
            {"name": name, "role": str(role), "messages": count}
            for name, role, count in (facts.folders if facts else ())
        ],
        "notes": list(facts.notes) if facts else [],
        "warnings": list(each.warnings),
        "error": each.error,
    }
