from __future__ import annotations

import sqlite3

from tests.cli.place import Place


def test_no_run_yet(place: Place) -> None:
    assert place.json("history") == []
    assert "No run yet" in place.run("history").stdout
    assert place.run("history", "1").exit_code == 2
    assert not place.state.exists()


def test_runs_are_listed_newest_first(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    assert place.run("sync", "--forward", "--yes").exit_code == 0
    two, one = place.json("history")
    assert set(two) == {"run", "started", "ended", "command", "directions", "counts", "state"}
    assert (two["run"], one["run"]) == ("2", "1")
    assert (two["command"], two["state"]) == ("sync", "done")
    assert two["directions"] == ["forward"]
    assert two["counts"] == {"forward-delete": 1}
    assert one["counts"] == {"collect": 2}
    assert two["started"].endswith("Z")
    assert two["ended"].endswith("Z")
    lines = place.run("history").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert "1 deleted in consolidated" in lines[0]


def test_one_run_is_a_result(place: Place) -> None:
    place.deliver("old", "a", subject="Hello [/b]")
    result = place.json("sync", "--yes")
    assert place.json("history", "1") == {**result, "mailboxes": {}}
    text = place.run("history", "1").stdout
    assert result["lines"][0]["id"] in text
    assert "Hello [/b]" in text


def test_an_unknown_run_is_a_usage_error(place: Place) -> None:
    place.synced("a")
    for run in ("7", "x", "-1", "\x1b[2J"):
        result = place.run("history", "--", run)
        assert result.exit_code == 2
        assert "unknown run" in result.stderr
        assert "\x1b" not in result.output


def test_a_run_that_was_killed_is_interrupted(place: Place) -> None:
    place.synced("a")
    db = sqlite3.connect(place.state / "default" / "ledger.sqlite3")
    with db:
        db.execute("UPDATE run SET ended = NULL, exit = NULL")
        db.execute("UPDATE action SET outcome = NULL, reason = ''")
    db.close()
    (run,) = place.json("history")
    assert (run["state"], run["ended"]) == ("interrupted", None)
    found = place.json("history", "1")
    assert found["exit"] is None
    assert "the next run looks" in found["lines"][0]["reason"]


def test_a_run_that_failed_in_part_is_partly(place: Place) -> None:
    place.deliver("work", "a")
    (place.directory / "old").rename(place.directory / "away")
    assert place.run("sync", "--yes").exit_code == 3
    assert place.json("history")[0]["state"] == "partly"


def test_rebase_takes_the_listing_as_the_new_base(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    assert len(place.json("plan")["actions"]) == 1
    result = place.run("rebase", "old", "--yes")
    assert result.exit_code == 0
    assert "new base" in result.stdout
    assert place.json("plan")["actions"] == []
    assert len(place.files("all")) == 2
    assert place.json("history")[0]["command"] == "rebase"
    found = place.json("rebase", "consolidated", "--yes")
    assert (found["lines"], found["exit"]) == ([], 0)


def test_rebase_wants_a_known_account_and_an_answer(place: Place) -> None:
    result = place.run("rebase", "wrok", "--yes")
    assert result.exit_code == 2
    assert "did you mean work?" in result.stderr
    result = place.run("rebase", "old")
    assert result.exit_code == 2
    assert "nothing was contacted" in result.stderr
    assert not place.state.exists()


def test_rebase_of_a_mailbox_that_is_away_changes_nothing(place: Place) -> None:
    place.synced("a")
    (place.directory / "old").rename(place.directory / "away")
    result = place.run("rebase", "old", "--yes")
    assert result.exit_code == 1
    assert "no Maildir" in result.stderr
    assert len(place.json("history")) == 1
