"""The manual tells of every key of the JSON, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailsync_tui.cli import json_form
from mailsync_tui.cli.json_form import check_failure
from mailsync_tui.engine.model import (
    Accept,
    Blocked,
    HeldLine,
    Line,
    MailboxReport,
    Options,
    Place,
    Plan,
    Waiting,
)
from mailsync_tui.mailboxes.base import Location, Uid
from mailsync_tui.session import plan_file
from tests.cli.place import Place as Directory
from tests.manual.documents import PAGES, code

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def written(title: str) -> set[str]:
    """The keys in a table of the page."""
    return {code(row[0]) for row in PAGES["json"].table(title)}


def keys(value: Any, prefix: str, leaves: frozenset[str]) -> Iterator[str]:
    """The dotted keys of a document; a list is ``KEY[]``, a mailbox is called ``NAME``."""
    if isinstance(value, list):
        deep = [each for each in value if isinstance(each, dict) and f"{prefix}[]" not in leaves]
        for each in deep:
            yield from keys(each, f"{prefix}[]", leaves)
        if not deep:
            yield f"{prefix}[]"
    elif prefix in leaves or not isinstance(value, dict):
        yield prefix
    else:
        for key, each in value.items():
            name = "NAME" if prefix == "mailboxes" else key
            yield from keys(each, f"{prefix}.{name}" if prefix else name, leaves)


def all_keys(*documents: Any, leaves: tuple[str, ...] = ()) -> set[str]:
    found = {key for each in documents for key in keys(each, "", frozenset(leaves))}
    # A list that is empty in one document and full in another is named by what it holds.
    return {key for key in found if not any(other.startswith(f"{key}.") for other in found)}


def line(mailbox: str, uid: Uid) -> Line:
    place = Place(mailbox, Location("INBOX", 3, uid))
    return Line(
        kind="reverse-delete",
        account=mailbox,
        accounts=(mailbox,),
        needs=(),
        target=place,
        copies=(place, place),
        message=1,
        message_id="<1@x>",
        subject="S",
        sender="Ann",
        date=NOW,
        size=1,
        reason="gone from the consolidated mailbox",
        undo="full",
        evidence=("it is so",),
    )


def a_plan() -> Plan:
    kinds = {"isp": "pop3", "work": "imap", "old": "maildir"}
    return Plan(
        user="default",
        created=NOW,
        ledger_id="x",
        serial=1,
        options=Options(accepts=(Accept("isp", "hidden"),)),
        mailboxes={
            name: MailboxReport(kind, 1, True, None, "a note", ("Nowhere",), "not asked for")
            for name, kind in kinds.items()
        },
        lines=(line("isp", "u"), line("work", 7), line("old", "f")),
        held=(HeldLine("1", "collect", "isp", "hold", NOW, None, "S", 'from = "x"', "why"),),
        blocked=(Blocked("isp", "forward-delete", "hidden", 1, "look"),),
        waiting=(Waiting("isp", "forward-delete", 1, "not missing for long enough"),),
    )


def test_a_plan() -> None:
    real = all_keys(plan_file.save(a_plan()), leaves=("seal.accepts[]", "actions[].copies[]"))
    assert real == written("A plan")


def test_a_result(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    directory.synced("a")
    failed = json_form.failure("ann", 1, "not reached", a_plan())
    documents = (directory.json("history", "1"), failed)
    assert all_keys(*documents, leaves=("mailboxes",)) == written("A result")


def test_the_history(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    directory.synced("a")
    (run,) = directory.json("history")
    assert all_keys(run, leaves=("counts",)) == written("The history")


def test_messages(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    directory.synced("a")
    (message,) = directory.json("list")
    assert all_keys(message, leaves=("mailboxes",)) == written("The messages")
    origin = directory.json("show", message["id"], "--origin")
    assert all_keys(origin) == written("The origin of a message")


def test_check(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    directory.synced("a")
    documents = (directory.json("check"), check_failure("ann", 1, "no ledger"))
    real = all_keys(*documents, leaves=("mailboxes.NAME.folders[]",))
    assert real == written("A check")
