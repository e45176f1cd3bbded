"""The plan over the demo is what the table makes of its scenario, and a sync does all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import mailsync_tui
from mailsync_tui.demo.run import running
from mailsync_tui.demo.scenario import DOWN, EVERYDAY, SWAPPED, build_scenario
from mailsync_tui.engine.plan.guards import RULES
from tests.demo.oracle import Fate, Row, expected_lines

SOURCE_ROOT = Path(mailsync_tui.__file__).parents[1]
TIMEOUT = 120.0
EXPECTED = {flag: expected_lines(build_scenario(unreached=flag)) for flag in (True, False)}
"""By whether an account is not reached."""

Lines = Counter[tuple[str, str, str | None]]


def command(config: Path, *words: str) -> tuple[int, Any]:
    """Run a command as a person would; its exit code, and the JSON that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mailsync_tui", "--config", str(config), *words, "--json"],
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def lines_of(items: list[dict[str, Any]]) -> Lines:
    return Counter((item["account"], item["kind"], item["message_id"]) for item in items)


def expected(fate: Fate, *, unreached: bool) -> Lines:
    return Counter(
        (line.account, line.kind, line.message_id)
        for line in EXPECTED[unreached]
        if line.fate == fate and line.kind is not None
    )


def stopped(fate: Fate, *, unreached: bool = True) -> Counter[tuple[str, str | None, str | None]]:
    """How many lines each rule blocks or holds, by account and kind."""
    return Counter((x.account, x.kind, x.rule) for x in EXPECTED[unreached] if x.fate == fate)


def changed() -> dict[tuple[str, str | None, str | None], int]:
    """An account that is another mailbox now is blocked in both directions, whatever that stops."""
    return {(SWAPPED, kind, "changed"): 0 for kind in ("forward-delete", "reverse-delete")}


@pytest.mark.parametrize("unreached", [True, False])
def test_the_plan_is_what_the_table_says_and_a_sync_does_it(
    tmp_path: Path, unreached: bool
) -> None:
    with running(tmp_path, unreached=unreached) as demo:
        follow(demo.config, unreached=unreached)


def follow(config: Path, *, unreached: bool) -> None:
    """Plan, sync, plan: each has what is expected."""
    code, plan = command(config, "plan")
    away = [name for name, m in plan["mailboxes"].items() if not m["complete"]]
    if unreached:
        assert code == 3
        assert away == [DOWN]
        assert plan["mailboxes"][DOWN]["messages"] is None
        assert "does not let ann.b in" in plan["mailboxes"][DOWN]["error"]
    else:
        assert code == 0
        assert away == []
    assert lines_of(plan["actions"]) == expected("action", unreached=unreached)
    assert lines_of(plan["held"]) == expected("held", unreached=unreached)
    held = Counter((line["account"], line["kind"], line["rule"]) for line in plan["held"])
    assert held == stopped("held", unreached=unreached)
    blocked = {(b["account"], b["kind"], b["rule"]): b["count"] for b in plan["blocked"]}
    assert len(blocked) == len(plan["blocked"])
    assert blocked == {**stopped("blocked", unreached=unreached), **changed()}

    code, result = command(config, "sync", "--yes")
    assert code == (3 if unreached else 4), "what is not reached goes before what is blocked"
    assert Counter(line["outcome"] for line in result["lines"]) == {"done": len(plan["actions"])}

    code, after = command(config, "plan")
    assert code == (3 if unreached else 0)
    assert after["actions"] == []
    assert lines_of(after["held"]) == expected("held", unreached=unreached)
    assert after["blocked"] == plan["blocked"]


def test_there_is_an_account_for_every_reason() -> None:
    rules = {rule for _, _, rule in (*stopped("blocked"), *changed())}
    assert rules == set(RULES) - {"all-changed"}, "uidvalidity is the more precise news"
    assert {rule for _, _, rule in stopped("held")} == {"declined", "late-copy", "hold"}
    unknown = [line for line in EXPECTED[True] if line.fate == "unknown"]
    assert {line.account for line in unknown if line.row is not Row.FORGET} == {DOWN, SWAPPED}
    assert {line.account for line in EXPECTED[True] if line.fate == "action"} >= set(EVERYDAY)
