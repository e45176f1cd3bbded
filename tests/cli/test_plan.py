from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.builders import maildir_mail
from tests.cli.place import Place, snapshot


def test_the_json_has_the_form_of_the_contract(place: Place) -> None:
    place.deliver("old", "a")
    found = place.json("plan")
    assert list(found)[:8] == [
        "version",
        "user",
        "created",
        "ledger",
        "mailboxes",
        "actions",
        "held",
        "blocked",
    ]
    assert (found["version"], found["user"]) == (1, "default")
    assert found["ledger"] == {"id": None, "serial": 0}
    assert found["mailboxes"]["old"] == {
        "type": "maildir",
        "messages": 1,
        "complete": True,
        "error": None,
    }
    (action,) = found["actions"]
    assert action == {
        "id": action["id"],
        "kind": "collect",
        "account": "old",
        "accounts": ["old"],
        "needs": [],
        "target": {"mailbox": "consolidated", "folder": "INBOX", "file": None},
        "message_id": "<a@example.org>",
        "subject": "About a",
        "from": "Ann <ann@example.org>",
        "date": "2026-01-05T10:00:00Z",
        "size": place.files("old")[0].stat().st_size,
        "reason": "new on old",
        "undo": "none",
    }


def test_a_deletion_names_its_target_and_what_it_stems_from(place: Place) -> None:
    place.deliver("work", "a")
    place.synced("a")
    place.remove("old", "a")
    found = place.json("plan")
    kinds = [(a["kind"], a["account"], len(a["needs"])) for a in found["actions"]]
    assert kinds == [("forward-delete", "old", 0), ("reverse-delete", "work", 1)]
    target = found["actions"][1]["target"]
    assert target == {
        "mailbox": "work",
        "folder": "INBOX",
        "file": place.files("work")[0].name.partition(":")[0],
    }
    assert found["ledger"]["serial"] == 2  # a listing was recorded, and a run has ended


def test_two_plans_over_an_unchanged_world_are_equal_but_for_created(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    place.remove("all", "b")
    place.deliver("work", "c")
    one, two = place.json("plan"), place.json("plan")
    del one["created"], two["created"]
    assert one == two
    assert len(one["actions"]) == 3


def test_a_plan_changes_nothing_anywhere(place: Place) -> None:
    place.deliver("old", "a")
    place.age()
    before = snapshot(place.directory)
    assert place.run("plan").exit_code == 0
    assert snapshot(place.directory) == before, "before the first run"
    assert place.run("sync", "--yes").exit_code == 0
    place.remove("old", "a")
    place.deliver("work", "b")
    place.age()
    before = snapshot(place.directory)
    assert place.run("plan").exit_code == 0
    assert snapshot(place.directory) == before, "after it"


def test_directions_limit_the_plan(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    place.remove("all", "b")
    place.deliver("work", "c")

    def kinds(*args: str) -> list[str]:
        return [action["kind"] for action in place.json("plan", *args)["actions"]]

    assert kinds("--collect") == ["collect"]
    assert kinds("--forward") == ["forward-delete"]
    assert kinds("--reverse") == ["reverse-delete"]
    assert kinds("--collect", "--reverse") == ["collect", "reverse-delete"]
    assert kinds() == ["collect", "forward-delete", "reverse-delete"]


def test_hostile_text_stays_text(place: Place) -> None:
    place.deliver("old", "a", subject="\x1b]0;owned\x07 [/red][@click=x]b \u202eevil")
    result = place.run("plan")
    assert result.exit_code == 0
    assert "[/red][@click=x]b" in result.stdout
    assert not set("\x1b\x07\u202e") & set(result.output)
    raw = place.run("plan", "--json").stdout
    assert raw.isascii()
    assert not set("\x1b\x07") & set(json.loads(raw)["actions"][0]["subject"])


def test_a_missing_account_is_partly_and_named(place: Place) -> None:
    place.deliver("work", "a")
    (place.directory / "old").rename(place.directory / "away")
    found = place.json("plan", code=3)
    report = found["mailboxes"]["old"]
    assert report["messages"] is None
    assert report["complete"] is False
    assert "no Maildir" in report["error"]
    assert len(found["actions"]) == 1
    assert "not reached: there is no Maildir" in place.run("plan").stdout


def test_the_consolidated_one_gone_is_a_failure_once_it_was_known(place: Place) -> None:
    place.synced("a")
    (place.directory / "all").rename(place.directory / "away")
    place.age()
    before = snapshot(place.directory)
    assert place.run("plan").exit_code == 1
    result = place.run("sync", "--yes")
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr
    assert place.json("sync", "--yes", code=1)["exit"] == 1
    assert not (place.directory / "all").exists()
    assert snapshot(place.directory / "old").keys() == {
        key for key in before if key.startswith(str(place.directory / "old") + os.sep)
    }


def test_out_is_private_and_replaces(place: Place) -> None:
    place.deliver("old", "a")
    out = place.directory / "plan.json"
    out.write_text("before")
    out.chmod(0o644)
    assert place.run("plan", "--out", str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(json.loads(out.read_text())["actions"]) == 1
    assert not list(place.directory.glob(".plan.json*"))


@pytest.mark.parametrize("kind", ["link", "directory", "fifo", "nowhere"])
def test_out_never_writes_to_anything_but_a_file(place: Place, kind: str) -> None:
    out = place.directory / "plan.json"
    target = place.directory / "target"
    target.write_text("mine")
    if kind == "link":
        out.symlink_to(target)
    elif kind == "directory":
        out.mkdir()
    elif kind == "fifo":
        os.mkfifo(out)
    else:
        out = place.directory / "no" / "plan.json"
    result = place.run("plan", "--out", str(out))
    assert result.exit_code == 1
    assert "was not saved" in result.stderr
    assert target.read_text() == "mine"


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("nobody:max-delete", "unknown account"),
        ("wrok:max-delete", "did you mean work?"),
        ("old:no-rule", "side-empty"),
        ("old:folder-gone", "cannot be accepted"),
        ("old:changed", "cannot be accepted"),
        ("old:max-delete=0", "above 0"),
        ("old:max-delete=-1", "above 0"),
        ("old:max-delete=x", "above 0"),
        ("old", "expected ACCOUNT:RULE"),
    ],
)
def test_what_cannot_be_accepted_is_a_usage_error(place: Place, accept: str, said: str) -> None:
    for command in ("plan", "sync"):
        result = place.run(command, *(["--yes"] * (command == "sync")), "--accept-blocked", accept)
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stdout == ""


def test_what_is_blocked_can_be_accepted(place: Place) -> None:
    place.write_config("[guards]\nmax_delete_floor = 1\n")
    place.synced("a", "b", "c", "d")
    for name in ("a", "b", "c"):
        place.remove("old", name)
    found = place.json("plan")
    assert found["actions"] == []
    (blocked,) = found["blocked"]
    assert (blocked["account"], blocked["kind"]) == ("old", "forward-delete")
    assert (blocked["rule"], blocked["count"]) == ("max-delete", 3)
    text = place.run("plan").stdout
    assert "blocked on old: 3 forward deletions (max-delete)" in text
    assert "--accept-blocked old:max-delete" in text
    assert place.json("plan", "--accept-blocked", "old:max-delete=2")["actions"] == []
    accepted = place.json("plan", "--accept-blocked", "old:max-delete=3")
    assert len(accepted["actions"]) == 3
    assert accepted["blocked"] == []
    result = place.json("sync", "--yes", code=4)
    assert (result["exit"], result["blocked"][0]["count"]) == (4, 3)


def test_the_human_plan_groups_and_counts(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    place.deliver("work", "c")
    text = place.run("plan").stdout
    assert "delete in consolidated (forward, from old): 1 line" in text
    assert "collect from work: 1 line" in text
    assert "delete 1 in consolidated" in text
    assert "gone from old" in text


def test_unwritable_standard_output_is_a_failure(place: Place) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with (
        Path("/dev/full").open("wb") as full,
        place.process("plan", "--json", stdout=full, stderr=-1) as process,
    ):
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"cannot be written" in errors
    assert b"Traceback" not in errors


def test_a_reader_that_leaves_is_no_error(place: Place) -> None:
    read, write = os.pipe()
    os.close(read)
    with place.process("plan", stdout=write, stderr=-1) as process:
        os.close(write)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"rror" not in errors


def test_a_pattern_that_names_no_folder_is_a_warning(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(
        text.replace("[external.old]\n", '[external.old]\nfolders = ["INBX", "INBOX"]\n')
    )
    place.deliver("old", "one")
    warning = "old: folders: INBX names no folder that is there"
    for words in (["plan"], ["sync", "--yes"], ["sync", "--yes"]):
        done = place.run(*words)
        assert done.exit_code == 3, words
        assert warning in done.stdout
    assert place.run("check").exit_code == 3
    document = json.loads(place.run("plan", "--json").stdout)
    assert document["mailboxes"]["old"]["unmatched"] == ["INBX"]
    assert "unmatched" not in document["mailboxes"]["work"]
    saved = place.directory / "plan.json"
    place.deliver("old", "two")
    assert place.run("plan", "--out", str(saved)).exit_code == 3
    assert place.run("apply", str(saved), "--yes").exit_code == 3
    assert len(list(place.files("all"))) == 2


def test_a_folder_that_went_is_the_business_of_a_guard(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(
        text.replace("[external.old]\n", '[external.old]\nfolders = ["INBOX", "Filed"]\n')
    )
    folder = place.directory / "old" / ".Filed"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    place.deliver("old", "one")
    (folder / "new" / "1700000009.M9.host").write_bytes(maildir_mail("two"))
    assert place.run("sync", "--yes").exit_code == 0
    shutil.rmtree(folder)
    assert place.run("plan").exit_code == 0
    assert place.run("sync", "--yes").exit_code == 4
