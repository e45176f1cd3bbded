from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.builders import maildir_mail
from tests.cli.place import Place, snapshot
from tests.cli.terminal import terminal


def deleted(place: Place, *names: str) -> dict[str, Any]:
    """Collected from ``old``, then deleted there and in the consolidated mailbox, in one run."""
    place.synced(*names)
    for name in names:
        place.remove("old", name)
    found: dict[str, Any] = place.json("sync", "--yes")
    assert [line["kind"] for line in found["lines"]] == ["forward-delete"] * len(names)
    return found


def test_what_a_run_deleted_is_back(place: Place) -> None:
    place.synced("a")
    (path,) = place.files("all")
    path = path.rename(path.parent.parent / "cur" / f"{path.name}:2,FS")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    place.remove("old", "a")
    run = place.json("sync", "--yes")
    assert place.files("all") == []
    found = place.json("undo", run["run"], "--yes")
    assert set(found.pop("mailboxes")) == {"consolidated", "old", "work"}
    assert found == {
        "version": 1,
        "user": "default",
        "run": "3",
        "lines": [dict(run["lines"][0], reason="")],
        "held": [],
        "blocked": [],
        "exit": 0,
    }
    (path,) = place.files("all")
    assert path.read_bytes() == maildir_mail("a")
    assert path.name.endswith(":2,FS")
    assert path.stat().st_mtime == 1_600_000_000
    plan = place.json("plan")
    assert (plan["actions"], plan["held"], plan["blocked"]) == ([], [], [])
    assert place.json("history", "3") == {**found, "mailboxes": {}}


def test_what_is_put_back_on_an_account_is_held(place: Place) -> None:
    place.synced("a", "b")
    place.remove("all", "a")
    run = place.json("sync", "--yes")["run"]
    text = place.run("undo", run, "--yes").stdout
    assert f"undo of run {run}" in text
    assert "old  1 put back" in text
    plan = place.json("plan")
    assert plan["actions"] == []
    (held,) = plan["held"]
    assert (held["rule"], held["account"], held["message_id"]) == (
        "undone",
        "old",
        "<a@example.org>",
    )
    assert "undone" in place.run("plan").stdout
    assert place.json("sync", "--yes")["lines"] == []
    assert len(place.json("plan", "--reconsider")["actions"]) == 1


def test_single_lines(place: Place) -> None:
    run = deleted(place, "a", "b", "c")
    first, second, third = (line["id"] for line in run["lines"])
    found = place.json("undo", run["run"], "--line", first, "--line", third, "--yes")
    assert [line["id"] for line in found["lines"]] == [first, third]
    assert len(place.files("all")) == 2
    assert place.json("history")[1]["state"] == "partly"
    assert [x["id"] for x in place.json("undo", run["run"], "--yes")["lines"]] == [second]
    states = {each["run"]: each["state"] for each in place.json("history")}
    assert states == {"1": "done", "2": "undone", "3": "done", "4": "done"}


def test_history_has_it(place: Place) -> None:
    run = deleted(place, "a")
    place.run("undo", run["run"], "--yes")
    (newest, *_) = place.json("history")
    assert (newest["command"], newest["counts"]) == ("undo", {"undo-forward-delete": 1})
    text = place.run("history").stdout
    assert "undone" in text
    assert "1 put back in consolidated" in text


def test_nothing_left_to_undo(place: Place) -> None:
    run = deleted(place, "a")["run"]
    assert place.run("undo", run, "--yes").exit_code == 0
    result = place.run("undo", run, "--yes")
    assert (result.exit_code, result.stdout) == (0, "There is nothing left to undo in run 2.\n")
    found = place.json("undo", run, "--yes")
    assert (found["run"], found["lines"], found["exit"]) == (None, [], 0)
    assert "nothing left" in place.run("undo", "1", "--yes").stdout
    assert len(place.json("history")) == 3


def test_unknown_runs_and_lines_are_usage_errors(place: Place) -> None:
    run = deleted(place, "a")
    collected = place.json("history", "1")["lines"][0]["id"]
    place.age()
    before = snapshot(place.directory)
    for args, said in (
        (("7",), "unknown run 7"),
        (("\x1b[2J",), "unknown run"),
        ((run["run"], "--line", "beef"), "no line beef"),
        (("1", "--line", collected), "no deletion"),
    ):
        result = place.run("undo", *args, "--yes")
        assert result.exit_code == 2
        assert said in result.stderr
        assert "\x1b" not in result.output
    assert snapshot(place.directory) == before


def test_nobody_to_ask_means_nothing_is_done(place: Place) -> None:
    run = deleted(place, "a")["run"]
    place.age()
    before = snapshot(place.directory)
    result = place.run("undo", run)
    assert result.exit_code == 2
    assert "no terminal" in result.stderr
    assert snapshot(place.directory) == before


def test_the_question_defaults_to_no(place: Place) -> None:
    run = deleted(place, "a")["run"]
    with terminal(place, "undo", run) as program:
        program.until(b"? [y/N]")
        assert b"the consolidated mailbox's own" in program.seen
        assert b"About a" in program.seen
        program.answer(b"\n")
        assert program.end() == 0
    assert b"Nothing was put back" in program.seen
    assert place.files("all") == []
    with terminal(place, "undo", run) as program:
        program.until(b"? [y/N]")
        program.answer(b"y\n")
        assert program.end() == 0
    assert len(place.files("all")) == 1


def test_a_copy_that_is_gone_fails_its_line_alone(place: Place) -> None:
    run = deleted(place, "a", "b")
    files = list((place.state / "default" / "quarantine").glob("??/*.gz"))
    files[0].unlink()
    found = place.json("undo", run["run"], "--yes", code=3)
    assert sorted(line["outcome"] for line in found["lines"]) == ["done", "failed"]
    (reason,) = [x["reason"] for x in found["lines"] if x["outcome"] == "failed"]
    assert "quarantine" in reason
    assert len(place.files("all")) == 1
    result = place.run("undo", run["run"], "--yes")
    assert result.exit_code == 3
    assert "quarantine" in result.stdout
    with terminal(place, "undo", run["run"]) as program:
        program.until(b"? [y/N]")
        assert b"Cannot be put back" in program.seen
        program.answer(b"n\n")
        program.end()


def test_a_mailbox_that_is_away(place: Place) -> None:
    run = deleted(place, "a")["run"]
    (place.directory / "all").rename(place.directory / "away")
    found = place.json("undo", run, "--yes", code=1)
    assert "nothing was put back" in found["error"]
    assert len(place.json("history")) == 2
    assert not (place.directory / "all").exists()


def test_check_says_how_much_the_quarantine_holds(place: Place) -> None:
    assert place.json("check")["quarantine"] == {"messages": 0, "bytes": 0}
    deleted(place, "a", "b")
    files = list((place.state / "default" / "quarantine").glob("??/*.gz"))
    total = sum(file.stat().st_size for file in files)
    assert place.json("check")["quarantine"] == {"messages": 2, "bytes": total}
    assert "2 deleted messages" in place.run("check").stdout


def test_help_has_examples(place: Place) -> None:
    assert "mailsync-tui undo 12 --line" in place.run("undo", "--help").stdout


def test_each_person_has_a_history(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write_people("ann", "bob")
    assert place.run("undo", "1", "--yes").exit_code == 2
    result = place.run("--user", "ann", "undo", "1", "--yes")
    assert result.exit_code == 2
    assert "unknown run 1" in result.stderr
