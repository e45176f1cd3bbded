from __future__ import annotations

import json
import socket

import pytest
import tomli_w
from click.testing import CliRunner

from mailsync_tui import __version__
from mailsync_tui.cli.app import EXAMPLE
from mailsync_tui.cli.commands import cli
from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import MailboxConfig, UserConfig
from mailsync_tui.mailboxes.base import Role
from mailsync_tui.session.check import check_mailboxes
from mailsync_tui.session.session import Session
from tests.cli.place import Place, snapshot
from tests.mailboxes.memory import MemoryFolder, MemoryMailbox

COMMANDS = ("check", "plan", "apply", "sync", "history", "rebase", "demo")


def test_every_mailbox_is_described(place: Place) -> None:
    place.synced("a")
    found = place.json("check")
    assert (found["version"], found["user"], found["exit"]) == (1, "default", 0)
    assert list(found["mailboxes"]) == ["old", "work", "consolidated"]
    assert found["mailboxes"]["old"] == {
        "type": "maildir",
        "protocol": "Maildir",
        "encryption": "local files",
        "capabilities": [],
        "messages": 1,
        "folders": [{"name": "INBOX", "role": "inbox", "messages": 1}],
        "notes": [],
        "warnings": [],
        "error": None,
    }
    assert "old (maildir): Maildir, local files, 1 message" in place.run("check").stdout


def test_a_check_changes_nothing(place: Place) -> None:
    place.deliver("old", "a")
    place.age()
    before = snapshot(place.directory)
    assert place.run("check").exit_code == 0
    assert snapshot(place.directory) == before
    assert "the first sync makes it" in place.run("check").stdout


def test_failing_mailboxes_are_named(place: Place) -> None:
    place.synced("a")
    (place.directory / "old").rename(place.directory / "away")
    found = place.json("check", code=3)
    assert "no Maildir" in found["mailboxes"]["old"]["error"]
    assert "not reached: there is no Maildir" in place.run("check").stdout
    (place.directory / "work").rename(place.directory / "away too")
    assert place.run("check").exit_code == 1
    (place.directory / "away").rename(place.directory / "old")
    (place.directory / "all").rename(place.directory / "away")
    assert place.run("check").exit_code == 1


def test_folders_that_are_not_there_are_reported(place: Place) -> None:
    text = place.config.read_text().replace(
        "[external.old]\n", '[external.old]\nfolders = ["INBOX", "Nowhere/*"]\ninto = "Filed"\n'
    )
    place.config.write_text(text)
    place.deliver("old", "a")
    assert place.run("sync", "--yes").exit_code == 3
    found = place.json("check", code=3)
    (folders,) = found["mailboxes"]["old"]["warnings"]
    assert "Nowhere/*" in folders
    place.write_config()
    text = place.config.read_text().replace("[external.old]\n", '[external.old]\ninto = "No"\n')
    place.config.write_text(text)
    (into,) = place.json("check")["mailboxes"]["old"]["warnings"]
    assert "into: No is not there yet" in into


def test_a_target_that_turns_out_to_lie_outside_root_is_reported(place: Place) -> None:
    """The file cannot tell whether a dot parts levels; the server can."""
    config = UserConfig(
        "default",
        MailboxConfig("consolidated", "imap", root="Ann", folder="Ann"),
        (MailboxConfig("old", "imap", into="Ann.Work"),),
    )
    store, old = MemoryMailbox("consolidated"), MemoryMailbox("old")
    store.folders["Ann"] = old.folders["INBOX"] = MemoryFolder(Role.INBOX, 1)
    with Session(config, place.state, mailboxes={"consolidated": store, "old": old}) as session:
        checked = check_mailboxes(session)
    warnings = {each.config.name: each.warnings for each in checked}
    assert warnings["consolidated"] == ()
    assert any("Ann.Work lies outside root (Ann)" in text for text in warnings["old"])


def test_all_problems_are_reported_at_once(place: Place) -> None:
    place.config.write_text(
        '[consolidated]\ntype = "maildir"\npth = "/x"\n[external.a]\ntype = "imapp"\n[gards]\n'
    )
    for command in (["check"], ["plan"], ["sync", "--yes"], ["history"], ["rebase", "a", "--yes"]):
        result = place.run(*command)
        assert result.exit_code == 2, command
        for key in ("consolidated.pth", "external.a.type", "gards"):
            assert key in result.stderr
        assert "nearest known key" in result.stderr
        assert result.stdout == ""
    found = place.json("check", code=2)
    assert found["exit"] == 2
    keys = {problem["key"] for problem in found["problems"]}
    assert {"consolidated.pth", "external.a.type", "gards"} <= keys


@pytest.mark.parametrize(
    "args", [["check"], ["plan"], ["sync", "--yes"], ["rebase", "isp", "--yes"]]
)
def test_a_password_that_the_environment_lacks_is_found_before_anything_is_contacted(
    place: Place, args: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for name in ("isp", "far"):
            with place.config.open("a") as config:
                config.write(
                    f'[external.{name}]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\n'
                    f'tls = "none"\nuser = "{name}"\npassword_env = "NO_SUCH_{name.upper()}"\n'
                )
        result = place.run(*args)
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert result.exit_code == 2
    for name in ("isp", "far"):
        key = f"external.{name}.password_env"
        variable = f"NO_SUCH_{name.upper()}"
        assert f"{key}: the environment variable {variable} is not set" in result.output
    assert place.run("history").exit_code == 0  # it contacts nobody


def test_a_missing_configuration_is_a_usage_error(place: Place) -> None:
    place.config.unlink()
    for command in ("check", "plan", "history"):
        result = place.run(command)
        assert result.exit_code == 2
        assert "no such file" in result.stderr


# --- the command line itself


def test_without_a_command_and_configuration_one_learns_how_to_begin(place: Place) -> None:
    place.config.unlink()
    result = place.run()
    assert result.exit_code == 0
    assert str(place.config) in result.stdout
    assert tomli_w.dumps(EXAMPLE) in result.stdout
    assert "`mailsync-tui demo`" in result.stdout
    assert "[y/N]" not in result.output  # there is nobody to answer


def test_the_example_is_right(place: Place) -> None:
    place.config.write_text(tomli_w.dumps(EXAMPLE))
    assert [c.name for c in load_config(place.config).users[0].external] == ["isp"]


def test_without_a_command_and_a_terminal_there_is_no_app(place: Place) -> None:
    result = place.run()
    assert result.exit_code == 2
    assert "the app needs a terminal" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_has_examples(place: Place, option: str) -> None:
    result = place.run(option)
    assert "COMPLETE=bash_source" in result.stdout
    for command in COMMANDS:
        assert f"  {command} " in result.stdout
        text = place.run(command, option).stdout
        assert f"  mailsync-tui {command}" in text
        assert "Examples:" in text


def test_version() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"mailsync-tui {__version__}\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["syncc"], "did you mean sync?"),
        (["plan", "--colect"], "--collect"),
        (["plan", "more"], "more"),
        (["apply"], "FILE"),
        (["--nothing"], "--nothing"),
        (["demo"], "needs a terminal"),
        (["undo", "1"], "unknown run 1"),
        (["rebase", "old"], "no --yes"),
        (["pl\x1b[2Jan"], "no such command"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(place: Place, args: list[str], said: str) -> None:
    result = place.run(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr


# --- several people


def test_several_people_need_a_choice(place: Place) -> None:
    place.write_people("ann", "bob")
    for command in (["check"], ["plan"], ["sync", "--yes"], ["history"]):
        result = place.run(*command)
        assert result.exit_code == 2
        assert "ann, bob" in result.stderr
    assert place.run("--user", "ann", "plan").exit_code == 0
    result = place.run("--user", "anm", "plan")
    assert result.exit_code == 2
    assert "did you mean ann?" in result.stderr
    assert place.run("--user", "ann", "plan", "--all-users").exit_code == 2
    assert place.run("plan", "--all-users", "--out", "x").exit_code == 2


def test_all_people_are_taken_in_turn_and_one_failing_stops_nobody(place: Place) -> None:
    place.write_people("ann", "bob", "eve")
    place.deliver("ann/isp", "a")
    place.deliver("eve/isp", "b")
    (place.directory / "bob" / "isp").rename(place.directory / "away")
    for command in ("plan", "check"):
        result = place.run(command, "--all-users", "--json")
        found = [json.loads(line) for line in result.stdout.splitlines()]
        assert [each["user"] for each in found] == ["ann", "bob", "eve"]
        assert result.exit_code == 1
    result = place.run("sync", "--all-users", "--yes", "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["user"], each["exit"], len(each["lines"])) for each in found] == [
        ("ann", 0, 1),
        ("bob", 1, 0),
        ("eve", 0, 1),
    ]
    assert result.exit_code == 1
    assert "bob: nothing was changed" in result.stderr
    assert {path.name for path in place.state.iterdir()} == {"ann", "eve"}


def test_an_account_of_anyone_can_be_accepted_for_all(place: Place) -> None:
    place.write_people("ann", "bob")
    args = ("plan", "--all-users", "--accept-blocked", "isp:max-delete")
    assert place.run(*args).exit_code == 0
    assert place.run(*args[:-1], "nobody:max-delete").exit_code == 2
