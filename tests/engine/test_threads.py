"""A mailbox is talked to from its own thread alone while it is listed and a plan is made."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.config.model import CONSOLIDATED, Holds
from mailsync_tui.engine.model import Options
from mailsync_tui.mailboxes.base import Unreachable
from tests.builders import mail
from tests.engine.bench import Bench
from tests.mailboxes.memory import MemoryMailbox

ASKED = ("list", "heads", "fetch", "resolve")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Accounts with a message each, that are to be collected into a folder of their own."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    bench.configure("work", into="Work")
    bench.config = replace(bench.config, holds=Holds(folders=("Kept",)))
    for n, account in enumerate(("isp", "work", "work", "old")):
        bench.deliver(account, mail(n))
    bench.sync()
    return bench


def watched(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, set[str]]]:
    """By mailbox and method: the threads that called it."""
    calls: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def watch(box: MemoryMailbox, method: str) -> None:
        original = getattr(box, method)

        def called(*args: Any) -> Any:
            calls[box.name][method].add(threading.current_thread().name)
            return original(*args)

        monkeypatch.setattr(box, method, called)

    for box in bench.boxes.values():
        for method in ASKED:
            watch(box, method)
    return calls


def test_planning_asks_each_mailbox_on_its_own_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.remove("work", mail(1))  # what is left there is looked at, whether it is the same
    bench.deliver("old", mail("new", message_id=False))  # it is read, to know which it is
    calls = watched(bench, monkeypatch)
    bench.plan()
    asked = {
        "isp": {"list"},
        "work": {"list", "heads", "resolve"},
        "old": {"list", "heads", "fetch", "resolve"},
        CONSOLIDATED: {"list", "resolve"},
    }
    assert calls == {
        name: {method: {f"mailbox-{name}_0"} for method in methods}
        for name, methods in asked.items()
    }


def test_one_that_cannot_tell_its_names_is_unknown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(folder: str) -> str:
        raise Unreachable(f"the connection broke before {folder}")

    bench.remove("work", mail(1))
    monkeypatch.setattr(bench.boxes["work"], "resolve", cut)
    with bench.session() as session:
        plan = session.plan(Options())
    assert not plan.lines
    assert (plan.mailboxes["work"].complete, plan.mailboxes["work"].messages) == (False, None)
    assert "the connection broke" in (plan.mailboxes["work"].error or "")
