"""`plan --mark` and `sync --mark`: what a person deletes without the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.place import Place


@pytest.fixture
def synced(place: Place) -> Place:
    place.deliver("work", "a")
    place.synced("a", "b")
    place.json("sync", "--yes")
    return place


def kinds(place: Place, *options: str) -> list[tuple[str, str]]:
    return [(n["kind"], n["account"]) for n in place.json("plan", *options)["actions"]]


EVERYWHERE = [("delete", "consolidated"), ("delete", "old"), ("delete", "work")]


def test_named_by_its_message_id(synced: Place) -> None:
    for name in ("<a@example.org>", "a@example.org"):
        assert sorted(kinds(synced, "--mark", name)) == EVERYWHERE
    assert kinds(synced, "--mark", "a@example.org", "--from", "old") == [("delete", "old")]
    assert kinds(synced) == [], "a plan keeps nothing"


def test_nothing_else_is_done_unless_it_is_asked_for(synced: Place) -> None:
    synced.deliver("old", "c")
    assert sorted(kinds(synced, "--mark", "a@example.org")) == EVERYWHERE
    both = kinds(synced, "--mark", "a@example.org", "--collect")
    assert sorted(both) == [("collect", "old"), *EVERYWHERE]


def test_a_file_of_them(synced: Place, tmp_path: Path) -> None:
    file = tmp_path / "marks"
    file.write_text("# newsletters\n\n<a@example.org>\nb@example.org\n")
    named = kinds(synced, "--marks", str(file))
    assert len(named) == 5 and {kind for kind, _ in named} == {"delete"}
    found = synced.json("sync", "--yes", "--marks", str(file))
    assert {line["outcome"] for line in found["lines"]} == {"done"}
    assert [synced.files(name) for name in ("old", "work", "consolidated")] == [[], [], []]
    assert kinds(synced) == []


def test_a_saved_plan_deletes_what_was_marked(synced: Place, tmp_path: Path) -> None:
    out = str(tmp_path / "plan.json")
    synced.json("plan", "--mark", "a@example.org", "--from", "old", "--out", out)
    (line,) = synced.json("apply", "--yes", out)["lines"]
    assert (line["kind"], line["account"], line["outcome"]) == ("delete", "old", "done")
    assert kinds(synced) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mark", "none@example.org"), "no mailbox lists a message none@example.org"),
        (("--mark", "a@example.org", "--from", "nowhere"), "there is no mailbox nowhere"),
    ],
)
def test_what_cannot_be_marked(synced: Place, options: tuple[str, ...], said: str) -> None:
    found = synced.run("plan", *options)
    assert (found.exit_code, said in found.stderr) == (2, True)


def test_not_with_every(synced: Place) -> None:
    found = synced.run("sync", "--every", "1h", "--yes", "--mark", "a@example.org")
    assert (found.exit_code, "one plan of one person" in found.stderr) == (2, True)
