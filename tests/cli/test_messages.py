"""``list`` and ``show``: messages for scripts."""

from __future__ import annotations

import pytest

from tests.builders import maildir_mail
from tests.cli.place import Place, snapshot


@pytest.fixture
def place(place: Place) -> Place:
    place.deliver("work", "c", subject="Lunch \x1b[31m")
    place.synced("a", "b")
    return place


def test_the_messages_of_a_mailbox(place: Place) -> None:
    place.age()
    before = snapshot(place.directory)
    found = place.json("list")
    assert {message["message_id"] for message in found} == {
        f"<{name}@example.org>" for name in ("a", "b", "c")
    }
    assert [m["mailboxes"] for m in place.json("list", "work")] == [
        {"work": "sync", "consolidated": "sync"}
    ]
    (line,) = place.run("list", "work").stdout.splitlines()
    assert "Lunch" in line
    assert "\x1b" not in line
    assert len(place.run("list").stdout.splitlines()) == 3
    assert snapshot(place.directory) == before


def test_filters_are_those_of_the_app(place: Place) -> None:
    assert [m["subject"] for m in place.json("list", "--filter", "subject:about")] == [
        m["subject"] for m in place.json("list", "old")
    ]
    assert len(place.json("list", "--filter", "on:work")) == 1
    assert place.json("list", "--filter", "is:gone") == []
    place.remove("old", "a")
    place.run("sync", "--collect", "--yes")
    (gone,) = place.json("list", "--filter", "is:gone")
    assert gone["mailboxes"] == {"old": "gone", "consolidated": "sync"}
    assert place.json("list", "old", "--filter", "is:gone") == []


def number(place: Place, name: str) -> str:
    (found,) = [m["id"] for m in place.json("list") if m["message_id"] == f"<{name}@example.org>"]
    return str(found)


def test_a_message_as_text_and_as_it_is(place: Place) -> None:
    text = place.run("show", number(place, "a")).stdout
    assert "Subject:     About a" in text
    assert place.run("show", number(place, "a"), "--raw").stdout_bytes == maildir_mail("a")
    fields = place.run("show", number(place, "a"), "--headers").stdout.splitlines()
    assert "Message-ID: <a@example.org>" in fields
    assert all(": " in line for line in fields)
    assert "\x1b" not in place.run("show", number(place, "c")).stdout


def test_what_no_mailbox_holds_comes_from_the_quarantine(place: Place) -> None:
    message = number(place, "a")
    place.remove("old", "a")
    place.run("sync", "--yes")
    assert place.run("show", message, "--raw").stdout_bytes == maildir_mail("a")
    for copy in (place.state / "default" / "quarantine").rglob("*"):
        if copy.is_file():
            copy.unlink()
    result = place.run("show", message)
    assert result.exit_code == 1
    assert "quarantine: " in result.stderr


def test_another_copy_where_one_is_away(place: Place) -> None:
    message = number(place, "a")
    (place.directory / "all").rename(place.directory / "away")
    assert place.run("show", message, "--raw").stdout_bytes == maildir_mail("a")


def test_where_it_came_from_and_when_it_went(place: Place) -> None:
    message = number(place, "a")
    place.remove("old", "a")
    place.run("sync", "--yes")
    for name in ("old", "work", "all"):
        (place.directory / name).rename(place.directory / f"{name} is away")
    found = place.json("show", message, "--origin")
    assert [(copy["mailbox"], copy["state"]) for copy in found["copies"]] == [
        ("old", "ended"),
        ("consolidated", "ended"),
    ]
    assert all(copy["gone"] for copy in found["copies"])
    assert [(each["run"], each["kind"], each["outcome"]) for each in found["runs"]] == [
        ("1", "collect", "done"),
        ("2", "forward-delete", "done"),
    ]
    shown = place.run("show", message, "--origin").stdout
    assert shown.startswith(f"Message {message}, first seen ")
    assert "deleted in consolidated" in shown


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("list", "wrok"), "unknown account wrok; did you mean work?"),
        (("show", "99"), "unknown message 99: `mailsync-tui list` shows the numbers"),
        (("show", "x\x1b"), "unknown message x"),
        (("show", "1", "--raw", "--headers"), "exclude each other"),
        (("show", "1", "--json"), "--json goes with --origin"),
    ],
)
def test_what_cannot_be(place: Place, args: tuple[str, ...], said: str) -> None:
    result = place.run(*args)
    assert result.exit_code == 2
    assert said in result.stderr


def test_before_the_first_run_there_is_nothing(place: Place) -> None:
    assert place.run("--state-dir", str(place.directory / "new"), "list").stdout == ""
    assert place.json("--state-dir", str(place.directory / "new"), "list") == []
