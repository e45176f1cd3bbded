"""The plan over the demo is the list that the story makes, and a sync does all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mailsync_tui
from mailsync_tui.demo.story import OLD, Fate, tell
from mailsync_tui.embedded import running

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE_ROOT = Path(mailsync_tui.__file__).parents[1]
TIMEOUT = 120.0

Lines = Counter[tuple[str, str, str | None]]


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with running(tmp_path) as demo:
        yield demo.config


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


def expected(fate: Fate) -> Lines:
    return Counter(
        (line.account, line.kind, line.message_id)
        for line in tell().expected
        if line.fate == fate and line.kind is not None
    )


def test_the_plan_is_what_the_story_says_and_a_sync_does_it(config: Path) -> None:
    code, plan = command(config, "plan")
    assert code == 0
    assert lines_of(plan["actions"]) == expected("action")
    assert lines_of(plan["held"]) == expected("held")
    rules = Counter(line["rule"] for line in plan["held"])
    assert rules == {"declined": 2, "late-copy": expected("held").total() - 2}
    blocked = [(b["account"], b["kind"], b["rule"], b["count"]) for b in plan["blocked"]]
    assert blocked == [(OLD, "forward-delete", "max-delete", expected("blocked").total())]

    code, result = command(config, "sync", "--yes")
    assert code == 4
    assert Counter(line["outcome"] for line in result["lines"]) == {"done": len(plan["actions"])}

    code, after = command(config, "plan")
    assert code == 0
    assert after["actions"] == []
    assert lines_of(after["held"]) == expected("held")
    assert after["blocked"] == plan["blocked"]
