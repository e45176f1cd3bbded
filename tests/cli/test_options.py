"""Options and arguments: where they may stand, what is looked at first, and what completes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import tomli_w
from click.testing import CliRunner

from mailsync_tui import __version__
from mailsync_tui.cli.commands import cli
from tests.cli.place import Place

if TYPE_CHECKING:
    from pathlib import Path


def run(*args: str) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    done = CliRunner().invoke(cli, args)
    return done.exit_code, done.output


@pytest.mark.parametrize("after", [False, True])
def test_global_options_stand_before_or_after_the_command(place: Place, after: bool) -> None:
    log, state = place.directory / "log", place.directory / "elsewhere"
    given = ["--config", str(place.config), "--log-file", str(log), "--state-dir", str(state)]
    words = ["sync", "--yes", *given] if after else [*given, "sync", "--yes"]
    assert run(*words)[0] == 0
    assert (state / "default" / "ledger.sqlite3").exists()
    assert "command sync" in log.read_text()


def test_the_user_may_be_named_after_the_command(place: Place) -> None:
    place.write_people("ann", "bob")
    done = place.run("plan", "--user", "bob", "--json")
    assert (done.exit_code, json.loads(done.stdout)["user"]) == (0, "bob")


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_has_a_short_option(option: str) -> None:
    assert run(option) == (0, f"mailsync-tui {__version__}\n")


@pytest.mark.parametrize("words", [["sync"], ["apply", "x.json"], ["undo", "1"], ["rebase", "old"]])
def test_a_dry_run_is_a_plan(place: Place, words: list[str]) -> None:
    done = place.run(*words, "--dry-run")
    assert done.exit_code == 2
    assert "`mailsync-tui plan` shows what would be done" in done.output
    assert not place.state.exists()


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["rebase", "nobody"], "unknown account nobody"),
        (["undo", "99"], "unknown run 99"),
        (["apply", "missing.json"], "missing.json"),
    ],
)
def test_arguments_are_looked_at_before_anybody_is_asked(
    place: Place, words: list[str], wrong: str
) -> None:
    done = place.run(*words)  # no terminal, no --yes
    assert done.exit_code == 2
    assert wrong in done.output
    assert "--yes" not in done.output


@pytest.mark.parametrize("words", [["check"], ["plan"], ["sync", "--yes"], ["history"]])
def test_what_is_wrong_with_the_configuration_is_json_too(place: Place, words: list[str]) -> None:
    place.write_config("nonsense = 1\n")
    done = place.run(*words, "--json")
    assert done.exit_code == 2
    document = json.loads(done.stdout)
    assert [problem["key"] for problem in document["problems"]] == ["external.work.nonsense"]
    assert document["exit"] == 2


@pytest.mark.parametrize("words", [["check"], ["plan"], ["sync", "--yes"]])
def test_without_a_configuration_the_way_to_one_is_shown(tmp_path: Path, words: list[str]) -> None:
    config = tmp_path / "config.toml"
    code, output = run("--config", str(config), *words)
    assert code == 2
    assert f"It goes to {config}" in output
    assert "[consolidated]" in output


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["rebase", ""], ["consolidated", "old", "work"]),
        (["rebase", "w"], ["work"]),
        (["history", ""], ["1"]),
        (["undo", ""], ["1"]),
        (["plan", "--user", ""], ["default"]),
    ],
)
def test_names_are_completed(place: Place, words: list[str], offered: list[str]) -> None:
    place.synced("a")
    line = ["mailsync-tui", "--config", str(place.config), *words]
    done = subprocess.run(
        [sys.executable, "-c", "from mailsync_tui.cli import main; main()"],
        env={
            **os.environ,
            "_MAILSYNC_TUI_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": str(len(line) - 1),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [each.partition(",")[2] for each in done.stdout.split()] == offered


def test_a_broken_configuration_completes_nothing(place: Place) -> None:
    place.config.write_text(tomli_w.dumps({"nonsense": 1}))
    assert run("--config", str(place.config), "rebase", "x", "--yes")[0] == 2


# --- accounts by name


def test_only_the_accounts_that_are_named_are_contacted(place: Place) -> None:
    place.deliver("old", "a")
    place.deliver("work", "b")
    (place.directory / "work").rename(place.directory / "away")
    assert set(place.json("check", "old")["mailboxes"]) == {"old", "consolidated"}
    found = place.json("sync", "old", "--yes")
    assert [line["account"] for line in found["lines"]] == ["old"]
    assert found["mailboxes"]["work"] == {
        "type": "maildir",
        "messages": None,
        "complete": False,
        "error": None,
        "left_out": "not named on the command line",
    }
    shown = place.run("plan", "old")
    assert shown.exit_code == 0
    assert "not named on the command line" in shown.stdout
    assert "not reached" not in shown.output
    assert "work" not in place.run("sync", "old", "--yes").output
    assert "work: not reached" in place.run("plan", "work", "old").stderr


def test_an_account_that_is_left_out_is_never_gone(place: Place) -> None:
    place.synced("a")
    place.deliver("work", "a")
    place.run("sync", "--yes")
    place.remove("old", "a")
    place.remove("work", "a")
    plan = place.json("plan", "old", "--out", str(place.directory / "plan.json"))
    assert plan["actions"] == []
    assert [entry["rule"] for entry in plan["blocked"]] == ["unreached"]
    place.run("apply", str(place.directory / "plan.json"), "--yes")
    assert len(place.files("all")) == 1


@pytest.mark.parametrize("command", ["check", "plan", "sync"])
def test_an_unknown_account_is_named_with_the_nearest(place: Place, command: str) -> None:
    result = place.run(command, "wrok")
    assert result.exit_code == 2
    assert "unknown account wrok; did you mean work?" in result.stderr


def test_of_several_people_those_who_have_the_account(place: Place) -> None:
    place.write_people("ann", "bob")
    more = place.directory / "bob" / "isp"
    place.config.write_text(place.config.read_text().replace("bob.external.isp", "bob.external.b"))
    result = place.run("plan", "b", "--all-users", "--json")
    assert [json.loads(line)["user"] for line in result.stdout.splitlines()] == ["bob"]
    assert more.is_dir()


def test_the_lines_of_several_people_name_each(place: Place) -> None:
    place.write_people("ann", "bob")
    lines = place.run("plan", "--all-users").stderr.splitlines()
    assert sorted(lines) == [
        "ann: consolidated: listed 0 messages",
        "ann: isp: listed 0 messages",
        "bob: consolidated: listed 0 messages",
        "bob: isp: listed 0 messages",
    ]
    assert place.run("--user", "ann", "plan").stderr.startswith(("isp: ", "consolidated: "))
