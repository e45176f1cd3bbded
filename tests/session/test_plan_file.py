from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

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
from mailsync_tui.errors import PlanFileError
from mailsync_tui.mailboxes.base import Location, Uid
from mailsync_tui.session import plan_file

NOW = datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)


def line(number: int, uid: Uid = 7, **more: Any) -> Line:
    target = Place("consolidated", Location("INBOX", 3, uid))
    values: dict[str, Any] = {
        "kind": "forward-delete",
        "account": "isp",
        "accounts": ("isp", "old"),
        "needs": (),
        "target": target,
        "copies": (target,),
        "message": number,
        "message_id": f"<{number}@x>",
        "subject": f"Subject {number}",
        "sender": "Ann",
        "date": NOW,
        "size": 5120,
        "reason": "gone from isp and old",
        "undo": "full",
    }
    return Line(**{**values, **more})


def plan(*lines: Line) -> Plan:
    return Plan(
        user="ann",
        created=NOW.replace(microsecond=0),
        ledger_id="abc",
        serial=12,
        options=Options(("forward", "reverse"), True, (Accept("isp", "max-delete", 3),)),
        mailboxes={
            "isp": MailboxReport("pop3", 3, True, None),
            "old": MailboxReport("maildir", None, False, "away"),
            "consolidated": MailboxReport("imap", 4, True, None),
        },
        lines=lines,
        held=(HeldLine("h", "collect", "isp", "late-copy", NOW.replace(microsecond=0), None, "S"),),
        blocked=(Blocked("isp", "forward-delete", "max-delete", 9, "too many"),),
        waiting=(Waiting("old", "forward-delete", 2, "not reached"),),
    )


LINES = (
    line(1),
    line(2, uid=8, date=None, message_id=None, message=None),
    line(
        3,
        kind="reverse-delete",
        needs=(line(1).id,),
        undo="consolidated-only",
        target=Place("isp", Location("INBOX", 0, "u-1")),
        copies=(
            Place("isp", Location("INBOX", 0, "u-1")),
            Place("isp", Location("INBOX", 0, "u-\udce9")),
        ),
    ),
    line(
        4,
        kind="collect",
        compare=True,
        message_id="<raw \udcff \x1b>",
        target=Place("consolidated", Location("Work", 0, "")),
        copies=(Place("old", Location("INBOX", 0, "f")),),
    ),
)


def roundtrip(document: dict[str, Any]) -> tuple[Plan, frozenset[str]]:
    return plan_file.load(plan_file.dumps(document), "ann")


def test_a_plan_comes_back_as_it_was() -> None:
    found, left = roundtrip(plan_file.save(plan(*LINES)))
    assert found == plan(*LINES)
    assert left == {each.id for each in LINES}


def test_a_plan_without_lines_comes_back() -> None:
    assert roundtrip(plan_file.save(plan())) == (plan(), frozenset())


def test_targets_have_the_form_of_their_mailbox() -> None:
    one, _, three, four = plan_file.save(plan(*LINES))["actions"]
    assert one["target"] == {
        "mailbox": "consolidated",
        "folder": "INBOX",
        "uidvalidity": 3,
        "uid": 7,
    }
    assert three["target"] == {"mailbox": "isp", "folder": "INBOX", "uidl": "u-1"}
    assert [copy["uidl"] for copy in three["copies"]] == ["u-1", "u-\udce9"]
    assert four["target"]["uid"] is None
    assert "copies" not in four
    assert "copies" not in one


@pytest.mark.parametrize("gone", range(len(LINES)))
def test_whole_actions_may_go(gone: int) -> None:
    document = plan_file.save(plan(*LINES))
    del document["actions"][gone]
    found, left = roundtrip(document)
    assert found.lines == LINES
    assert left == {each.id for number, each in enumerate(LINES) if number != gone}


def test_a_tool_that_mends_unicode_does_no_harm() -> None:
    text = json.dumps(plan_file.save(plan(*LINES)), ensure_ascii=False)
    mended = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    found, left = plan_file.load(mended, "ann")
    assert found.lines == LINES
    assert len(left) == len(LINES)


def _alter(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        here: Any = document
        for part in parents:
            here = here[int(part)] if isinstance(here, list) else here[part]
        here[int(last) if isinstance(here, list) else last] = value

    return change


ALTERATIONS = {
    "serial": _alter("ledger.serial", 13),
    "ledger": _alter("ledger.id", "other"),
    "another key": _alter("more", 1),
    "a key in an action": _alter("actions.0.more", 1),
    "a mailbox": _alter("mailboxes.old.complete", True),
    "directions": _alter("seal.directions", ["collect"]),
    "accepts": _alter("seal.accepts", []),
    "reconsider": _alter("seal.reconsider", False),
    "checksum": _alter("seal.sha256", "0" * 64),
    "sealed lines": _alter("seal.lines", ""),
    "no seal": _alter("seal", None),
    "held": _alter("held", []),
    "blocked": _alter("blocked.0.count", 1),
    "uid": _alter("actions.0.target.uid", 8),
    "uid as text": _alter("actions.0.target.uid", "7"),
    "subject": _alter("actions.1.subject", "x"),
    "needs": _alter("actions.2.needs", []),
    "id": _alter("actions.1.id", "0123456789abcdef"),
    "actions are no list": _alter("actions", {"0": 1}),
    "actions are an empty object": _alter("actions", {}),
    "an action is no object": _alter("actions.0", 7),
    "doubled": lambda d: d["actions"].append(d["actions"][-1]),
    "moved": lambda d: d["actions"].reverse(),
    "created": _alter("created", "yesterday"),
    "created as no plan has it": _alter("created", "2026-01-05"),
    "version": _alter("version", 2),
    "version true": _alter("version", True),
    "user": _alter("user", "bob"),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_any_other_alteration_is_refused(name: str) -> None:
    document = plan_file.save(plan(*LINES))
    ALTERATIONS[name](document)
    with pytest.raises(PlanFileError):
        roundtrip(document)


@pytest.mark.parametrize("key", plan_file.save(plan(*LINES)))
def test_a_missing_part_is_refused(key: str) -> None:
    document = plan_file.save(plan(*LINES))
    del document[key]
    with pytest.raises(PlanFileError):
        roundtrip(document)


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 10_000, '{"seal": ' * 50_000, "nul", ""])
def test_strange_json_is_refused(text: str) -> None:
    with pytest.raises(PlanFileError):
        plan_file.load(text, "ann")


def test_the_plan_of_somebody_else_is_refused() -> None:
    with pytest.raises(PlanFileError, match="the plan of ann, not of bob"):
        plan_file.load(plan_file.dumps(plan_file.save(plan(*LINES))), "bob")


def test_ten_thousand_lines_come_back() -> None:
    lines = tuple(line(number, uid=number) for number in range(1, 10_001))
    document = plan_file.save(plan(*lines))
    del document["actions"][::3]
    found, left = roundtrip(document)
    assert found.lines == lines
    assert len(left) == len(document["actions"])


def test_evidence_is_in_the_json_and_comes_back() -> None:
    proved = line(1, evidence=("seen on isp since \u202e then", "missing now"))
    document = plan_file.save(plan(proved, line(2, uid=8)))
    assert [action.get("evidence") for action in document["actions"]] == [
        ["seen on isp since \ufffd then", "missing now"],
        None,
    ]
    loaded, left = plan_file.load(plan_file.dumps(document), "ann")
    assert loaded.lines == (proved, line(2, uid=8))
    assert left == {each.id for each in loaded.lines}
    document["actions"][0]["evidence"] = ["nothing of the kind"]
    with pytest.raises(PlanFileError, match="was altered"):
        plan_file.load(plan_file.dumps(document), "ann")


def test_a_plan_saved_without_evidence_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = plan_file._sealed
    monkeypatch.setattr(plan_file, "_sealed", lambda each: sealed(each)[:14])
    text = plan_file.dumps(plan_file.save(plan(line(1))))
    monkeypatch.undo()
    assert plan_file.load(text, "ann")[0].lines == (line(1),)
