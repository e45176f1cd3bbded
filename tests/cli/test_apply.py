from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place, snapshot


def saved(place: Place) -> tuple[Path, dict[str, Any]]:
    out = place.directory / "plan.json"
    assert place.run("plan", "--out", str(out)).exit_code == 0
    return out, json.loads(out.read_text())


def test_what_was_saved_is_applied(place: Place) -> None:
    place.synced("a")
    place.remove("old", "a")
    place.deliver("work", "b")
    out, document = saved(place)
    found = place.json("apply", str(out), "--yes")
    assert [line["outcome"] for line in found["lines"]] == ["done", "done"]
    assert [line["id"] for line in found["lines"]] == [a["id"] for a in document["actions"]]
    assert set(found) == {
        *("version", "user", "run", "mailboxes", "lines", "held", "blocked", "exit")
    }
    assert set(found["lines"][0]) == {
        "id",
        "kind",
        "account",
        "message_id",
        "outcome",
        "reason",
    }
    assert [b"<b@" in path.read_bytes() for path in place.files("all")] == [True]


def test_a_removed_line_is_declined_and_held_from_then_on(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    place.remove("old", "b")
    out, document = saved(place)
    gone = document["actions"].pop(0)
    out.write_text(json.dumps(document, indent=3))
    found = place.json("apply", str(out), "--yes")
    assert [line["id"] for line in found["lines"]] == [document["actions"][0]["id"]]
    assert len(place.files("all")) == 1
    again = place.json("plan")
    assert again["actions"] == []
    (held,) = again["held"]
    assert (held["id"], held["rule"], held["kind"]) == (gone["id"], "declined", "forward-delete")
    assert held["since"].endswith("Z")
    assert place.json("sync", "--yes")["lines"] == []
    text = place.run("plan").stdout
    assert "Held back: 1 line" in text
    assert "declined" in text
    assert len(place.json("plan", "--reconsider")["actions"]) == 1


def test_a_line_that_needs_a_removed_one_is_left_out(place: Place) -> None:
    place.deliver("work", "a")
    place.synced("a")
    place.remove("old", "a")
    out, document = saved(place)
    forward, reverse = document["actions"]
    assert reverse["needs"] == [forward["id"]]
    document["actions"] = [reverse]
    out.write_text(json.dumps(document))
    assert place.json("apply", str(out), "--yes")["lines"] == []
    assert len(place.files("work")) == len(place.files("all")) == 1
    again = place.json("plan")
    assert again["actions"] == []
    assert again["held"]


def test_lines_can_be_taken_out_of_the_text(place: Place) -> None:
    place.deliver("old", "a", "b", "c")
    out, _ = saved(place)
    lines = [line for line in out.read_text().splitlines() if '"<b@example.org>"' not in line]
    out.write_text("\n".join(lines))
    assert len(place.json("apply", str(out), "--yes")["lines"]) == 2


def test_a_plan_made_before_another_run_is_stale(place: Place) -> None:
    place.synced("a")
    place.remove("old", "a")
    out, _ = saved(place)
    place.synced("b")
    before = [path.read_bytes() for path in place.files("all")]
    assert place.json("apply", str(out), "--yes", code=5)["exit"] == 5
    assert "stale" in place.run("apply", str(out), "--yes").stderr
    assert [path.read_bytes() for path in place.files("all")] == before


def test_a_plan_is_no_good_twice(place: Place) -> None:
    place.deliver("old", "a")
    out, _ = saved(place)
    assert place.run("apply", str(out), "--yes").exit_code == 0
    assert place.run("apply", str(out), "--yes").exit_code == 5


def test_what_came_back_since_the_preview_is_skipped(place: Place) -> None:
    place.synced("a")
    (path,) = place.files("old")
    content = path.read_bytes()
    path.unlink()
    out, _ = saved(place)
    path.write_bytes(content)
    found = place.json("apply", str(out), "--yes", code=3)
    (line,) = found["lines"]
    assert line["outcome"] == "skipped"
    assert "back since the preview" in line["reason"]
    assert len(place.files("all")) == 1


def test_what_vanished_since_the_preview_is_no_failure(place: Place) -> None:
    place.synced("a")
    place.deliver("old", "b", "c")
    out, _ = saved(place)
    place.remove("old", "b")
    found = place.json("apply", str(out), "--yes")
    assert [(line["message_id"], line["outcome"]) for line in found["lines"]] == [
        ("<b@example.org>", "vanished"),
        ("<c@example.org>", "done"),
    ]
    assert len(place.files("all")) == 2


def test_what_was_not_listed_completely_has_not_vanished(place: Place) -> None:
    place.synced("a")
    place.deliver("old", "b")
    out, _ = saved(place)
    (place.directory / "old").rename(place.directory / "away")
    found = place.json("apply", str(out), "--yes", code=3)
    assert [line["outcome"] for line in found["lines"]] == ["skipped"]


def test_nobody_to_ask_means_nothing_is_contacted(place: Place) -> None:
    place.deliver("old", "a")
    out, _ = saved(place)
    before = snapshot(place.directory)
    result = place.run("apply", str(out))
    assert result.exit_code == 2
    assert "no terminal" in result.stderr
    result = place.run("apply", "-")
    assert result.exit_code == 2
    place.age()
    assert snapshot(place.directory) == before


def test_a_plan_comes_from_standard_input_too(place: Place) -> None:
    place.deliver("old", "a")
    out, _ = saved(place)
    with (
        out.open("rb") as file,
        place.process("apply", "-", "--yes", stdin=file, stdout=-1, stderr=-1) as process,
    ):
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(place.files("all")) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"version": 1}'])
def test_what_is_no_plan_is_refused(place: Place, content: bytes) -> None:
    out = place.directory / "plan.json"
    out.write_bytes(content)
    result = place.run("apply", str(out), "--yes")
    assert result.exit_code == 2
    assert "no saved plan" in result.stderr
    assert not place.state.exists()


def test_a_file_that_is_not_there_is_refused(place: Place) -> None:
    result = place.run("apply", str(place.directory / "none"), "--yes")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
