"""The commands of ``[hooks]``."""

from __future__ import annotations

import shlex

import pytest

from tests.cli.place import SOURCE, Place


@pytest.fixture
def place(place: Place) -> Place:
    seen = place.directory / "seen"
    place.write_config(
        f"[hooks]\nafter_collect = 'env | grep ^MAILSYNC_ | sort >> {seen}'\n"
        f"on_attention = 'echo \"$MAILSYNC_USER $MAILSYNC_COUNT: $MAILSYNC_WAITS\" >> {seen}'\n"
    )
    return place


def seen(place: Place) -> list[str]:
    """What the hooks wrote since the last time."""
    path = place.directory / "seen"
    text = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return text.splitlines()


def test_what_was_collected_is_told(place: Place) -> None:
    place.deliver("old", "a", "b", subject="never told")
    place.deliver("work", "c")
    place.run("sync", "--yes")
    assert seen(place) == [
        "MAILSYNC_ACCOUNTS=old work",
        "MAILSYNC_COLLECTED=3",
        "MAILSYNC_RUN=1",
        "MAILSYNC_USER=default",
    ]
    place.run("sync", "--yes")
    assert seen(place) == []


def test_a_saved_plan_that_collects_too(place: Place) -> None:
    place.deliver("old", "a")
    path = str(place.directory / "plan.json")
    place.run("plan", "--out", path)
    assert seen(place) == []
    place.run("apply", path, "--yes")
    assert "MAILSYNC_COLLECTED=1" in seen(place)


def test_each_thing_that_waits_is_told_once(place: Place) -> None:
    place.synced("a", "b")
    place.remove("old", "a")
    seen(place)
    place.run("sync", "--collect", "--yes")
    assert seen(place) == ["default 1: left old forward-delete 1"]
    place.run("sync", "--collect", "--yes")
    assert seen(place) == []
    place.remove("old", "b")
    place.run("sync", "--collect", "--yes")
    assert seen(place) == ["default 2: left old forward-delete 2"]
    place.run("sync", "--yes")
    place.run("sync", "--collect", "--yes")
    assert seen(place) == []


def test_one_that_fails_is_named_and_changes_nothing_else(place: Place) -> None:
    place.write_config('[hooks]\nafter_collect = "echo no such index >&2; exit 7"\n')
    place.deliver("old", "a")
    result = place.run("sync", "--yes")
    assert result.exit_code == 0
    assert "hooks.after_collect failed with exit code 7: no such index" in result.stderr
    assert len(place.files("all")) == 1


def test_the_ledger_is_free_meanwhile(place: Place) -> None:
    words = ("env", f"PYTHONPATH={SOURCE}", *place.command("sync", "--forward", "--yes"))
    command = shlex.join(words).replace("'", '"')
    place.write_config(f"[hooks]\nafter_collect = '{command}'\n")
    place.deliver("old", "a")
    result = place.run("sync", "--yes")
    assert (result.exit_code, "hooks" in result.stderr) == (0, False)
