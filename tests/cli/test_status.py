"""``status``: what the last sync left, from the ledger alone."""

from __future__ import annotations

import json
import sqlite3

from tests.cli.place import Place, snapshot


def away(place: Place, account: str, *, back: bool = False) -> None:
    there, elsewhere = place.directory / account, place.directory / f"{account} is away"
    (elsewhere if back else there).rename(there if back else elsewhere)


def test_before_the_first_run(place: Place) -> None:
    result = place.run("status")
    assert result.exit_code == 0
    assert "no run yet" in result.stdout
    assert place.json("status") == {
        "version": 1,
        "user": "default",
        "run": None,
        "at_work": False,
        "reached": {"old": None, "work": None, "consolidated": None},
        "away": [],
        "waits": [],
        "exit": 0,
    }
    assert not place.state.exists()


def test_nobody_is_contacted_and_nothing_is_written(place: Place) -> None:
    place.synced("a")
    for name in ("old", "work", "all"):
        away(place, name)
    place.age()
    before = snapshot(place.directory)
    found = place.json("status")
    assert (found["away"], found["run"]["run"], found["exit"]) == ([], "1", 0)
    assert all(found["reached"].values())
    shown = place.run("status").stdout
    assert "run 1 (sync, " in shown
    assert "last look" in shown
    assert snapshot(place.directory) == before


def test_what_is_not_reached_since_when_and_why(place: Place) -> None:
    place.synced("a")
    away(place, "work")
    for tries in (1, 2):
        place.run("sync", "--yes")
        found = place.json("status", code=3)
        (row,) = found["away"]
        assert (row["mailbox"], row["tries"], row["refused"]) == ("work", tries, False)
        assert row["since"] < row["next"]
        assert str(place.directory / "work") in row["error"]
    shown = place.run("status")
    assert "Not reached" in shown.stdout
    assert "(2 tries; not tried unasked before" in shown.stdout
    away(place, "work", back=True)
    place.run("sync", "--yes")
    assert place.json("status")["away"] == []


def test_what_waits_for_a_person(place: Place) -> None:
    place.write_config('allow = ["collect"]\n')
    place.deliver("work", "kept")
    place.synced("a", "b")
    place.remove("all", "kept")
    place.remove("old", "a")
    place.remove("old", "b")
    away(place, "work")
    place.run("sync", "--collect", "--yes")
    away(place, "work", back=True)
    place.run("sync", "--collect", "--yes")
    found = place.json("status")
    assert [(w["state"], w["account"], w["rule"], w["lines"]) for w in found["waits"]] == [
        ("held", "work", "kept-on", 1),
        ("left", "old", "", 2),
    ]
    shown = place.run("status").stdout
    assert "kept-on: gone from consolidated, and no reverse is allowed" in shown
    assert "not applied  old   forward  2 lines" in shown
    away(place, "work")
    place.run("sync", "--yes")
    blocked = place.json("status", code=3)["waits"]
    assert ("blocked", "unreached") in [(w["state"], w["rule"]) for w in blocked]
    assert ("held", "kept-on") in [(w["state"], w["rule"]) for w in blocked], "nobody looked"
    away(place, "work", back=True)
    place.run("sync", "--yes")
    assert [w["rule"] for w in place.json("status")["waits"]] == ["kept-on"]


def test_a_guard_that_blocks_is_four(place: Place) -> None:
    place.synced(*(f"m{number}" for number in range(12)))
    for path in place.files("old"):
        path.unlink()
    place.run("sync", "--yes")
    assert place.json("status", code=4)["waits"][0]["state"] == "blocked"


def test_several_people_are_a_table(place: Place) -> None:
    place.write_people("ann", "bob")
    place.deliver("ann/isp", "a")
    place.run("--user", "ann", "sync", "--yes")
    lines = place.run("status", "--all-users").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ann", "bob"]
    assert "run 1 (sync" in lines[0]
    assert "no run yet" in lines[1]
    (place.state / "ann" / "ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    result = place.run("status", "--all-users", "--json")
    assert result.exit_code == 1
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["user"], first["exit"], second["user"]) == ("ann", 1, "bob")


def test_a_run_that_was_killed_is_named(place: Place) -> None:
    place.synced("a")
    with sqlite3.connect(place.state / "default" / "ledger.sqlite3") as db:
        db.execute("UPDATE run SET ended = NULL, exit = NULL")
    assert "did not end" in place.run("status").stdout
