from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.cli import every
from mailsync_tui.cli.every import parse_duration
from mailsync_tui.cli.output import Output
from mailsync_tui.errors import CommandError, worst_exit_code
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox
from tests.builders import maildir_mail
from tests.cli.place import Place, environment, snapshot
from tests.cli.terminal import LIMIT, terminal
from tests.servers.imap_script import SECRET, Connection, Folder, ImapScript


def test_a_sync_collects_and_reports(place: Place) -> None:
    place.deliver("old", "a", "b")
    result = place.run("sync", "--yes")
    assert result.exit_code == 0
    assert "Run 1: done" in result.stdout
    assert "collect from old  2 done" in result.stdout
    assert len(place.files("all")) == 2


def test_a_maildir_that_is_yet_to_be_made_counts_as_empty(place: Place) -> None:
    place.deliver("old", "a")
    result = place.run("plan")
    assert {"old: listed 1 message", "consolidated: listed 0 messages"} <= set(
        result.stderr.splitlines()
    )


def test_the_result_has_the_form_of_the_contract(place: Place) -> None:
    place.deliver("old", "a")
    found = place.json("sync", "--yes")
    (line,) = found.pop("lines")
    listed = {"type": "maildir", "complete": True, "error": None}
    assert found.pop("mailboxes") == {
        "consolidated": {**listed, "messages": 0},
        "old": {**listed, "messages": 1},
        "work": {**listed, "messages": 0},
    }
    assert found == {
        "version": 1,
        "user": "default",
        "run": "1",
        "held": [],
        "blocked": [],
        "exit": 0,
    }
    assert line == {
        "id": line["id"],
        "kind": "collect",
        "account": "old",
        "message_id": "<a@example.org>",
        "outcome": "done",
        "reason": "",
    }


def test_nothing_to_do_is_no_run(place: Place) -> None:
    place.synced("a")
    found = place.json("sync", "--yes")
    assert (found["run"], found["lines"], found["exit"]) == (None, [], 0)
    assert "Nothing to do" in place.run("sync", "--yes").stdout


def test_without_a_terminal_nothing_is_contacted(place: Place) -> None:
    place.deliver("old", "a")
    place.age()
    before = snapshot(place.directory)
    result = place.run("sync")
    assert result.exit_code == 2
    assert "nothing was contacted" in result.stderr
    assert "messages" not in result.output
    assert snapshot(place.directory) == before


def test_a_missing_account_is_partly(place: Place) -> None:
    place.deliver("work", "a")
    (place.directory / "old").rename(place.directory / "away")
    result = place.run("sync", "--yes")
    assert result.exit_code == 3
    assert "old: not reached" in result.stdout
    found = place.json("sync", "--yes", code=3)["mailboxes"]
    assert {name: box["complete"] for name, box in found.items()} == {
        "consolidated": True,
        "old": False,
        "work": True,
    }
    assert found["old"]["messages"] is None
    assert str(place.directory / "old") in found["old"]["error"]
    (place.directory / "work").rename(place.directory / "away too")
    found = place.json("sync", "--yes", code=1)
    assert "as too little was reached" in found["error"]
    assert [name for name, box in found["mailboxes"].items() if box["error"]] == ["old", "work"]
    assert "collect from work  1 done" in result.stdout


def test_a_folder_that_refuses_from_the_first_day_on_does_not_stop_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(ImapScript):
        def do_examine(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            if "Shut" in arguments:
                to.say(tag + b" NO sorry")
            else:
                self.open(to, tag, arguments, b"READ-ONLY")

    server = Refusing()
    server.folders["Shut"] = Folder()
    server.inbox.add(maildir_mail("one").replace(b"\n", b"\r\n"))
    monkeypatch.setenv("PASS", SECRET)
    with server:
        place.write_config(
            f'[external.far]\ntype = "imap"\nhost = "127.0.0.1"\nport = {server.port}\n'
            'tls = "none"\nuser = "ann"\npassword_env = "PASS"\nfolders = ["*"]\n'
        )
        result = place.run("sync", "--yes")
    assert result.exit_code == 3
    assert "opening Shut: sorry" in result.stdout
    assert "collect from far  1 done" in result.stdout


def test_another_run_at_work_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.synced("a")
    place.deliver("old", "b")
    acquire = RunLock.acquire
    with RunLock(place.state / "default" / "lock", "apply"):
        monkeypatch.setattr(
            RunLock,
            "acquire",
            lambda self, timeout=0.0, cancelled=bool: acquire(self, 0.0, cancelled),
        )
        result = place.run("sync", "--yes")
        assert place.run("plan").exit_code == 0
    assert result.exit_code == 6
    assert "process " in result.stderr
    assert "command apply" in result.stderr
    assert len(place.files("all")) == 1


def test_a_broken_ledger_is_a_failure(place: Place) -> None:
    place.synced("a")
    (place.state / "default" / "ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    for command in (["plan"], ["sync", "--yes"], ["history"], ["rebase", "old", "--yes"]):
        result = place.run(*command)
        assert result.exit_code == 1, command
        assert "nothing was changed" in result.stderr


# --- asking


def test_yes_applies(place: Place) -> None:
    place.deliver("old", "a")
    with terminal(place, "sync") as screen:
        screen.until(b"? [y/N] ")
        assert b"collect from old" in screen.seen
        screen.answer(b"y\n")
        assert screen.end() == 0
        assert b"Run 1: done" in screen.seen
    assert len(place.files("all")) == 1


@pytest.mark.parametrize("answer", [b"\n", b"n\n", b"x\n", b"\x04"])
def test_everything_else_is_no(place: Place, answer: bytes) -> None:
    place.deliver("old", "a")
    with terminal(place, "sync") as screen:
        screen.until(b"? [y/N] ")
        screen.answer(answer)
        assert screen.end() == 0
        assert b"Nothing was done" in screen.seen
    assert not (place.directory / "all").exists()
    assert not place.state.exists()


def test_the_question_shows_what_would_be_deleted(place: Place) -> None:
    names = [f"m{number}" for number in range(8)]
    place.synced(*names)
    for name in names:
        place.remove("old", name)
    with terminal(place, "sync") as screen:
        screen.until(b"? [y/N] ")
        assert b"delete in consolidated (forward, from old)" in screen.seen
        assert b"and 3 more" in screen.seen
        screen.answer(b"n\n")
        assert screen.end() == 0


def test_nobody_is_asked_about_the_ledger_alone(place: Place) -> None:
    place.synced("a")
    place.deliver("work", "a")
    with terminal(place, "sync") as screen:
        assert screen.end() == 0
        assert b"[y/N]" not in screen.seen
        assert b"adopt work's copies (no mailbox changes)" in screen.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_question_does_nothing(place: Place, number: signal.Signals) -> None:
    place.deliver("old", "a")
    with terminal(place, "sync") as screen:
        screen.until(b"? [y/N] ")
        screen.process.send_signal(number)
        assert screen.end() == 130
        assert b"Traceback" not in screen.seen
    assert not (place.directory / "all").exists()


def test_ctrl_c_at_the_question_does_nothing(place: Place) -> None:
    place.deliver("old", "a")
    with terminal(place, "rebase", "old") as screen:
        screen.until(b"[y/N] ")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 130
    assert not place.state.exists()


def test_hostile_text_is_harmless_on_a_terminal(place: Place) -> None:
    place.deliver("old", "a", subject="\x1b]0;owned\x07[/red][@click=app.bell]x :smile:")
    coloured = []
    for shown in (terminal(place, "plan"), terminal(place, "plan", NO_COLOR="1")):
        with shown as screen:
            assert screen.end() == 0
            assert b"[/red][@click=app.bell]x :smile:" in screen.seen
            assert b"\x1b]0;" not in screen.seen
            coloured.append(b"\x1b[32m" in screen.seen)
    assert coloured == [True, False]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_applying_finishes_what_is_under_way(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    place.synced("a")
    place.remove("old", "a")
    place.deliver("old", "b")
    store = MaildirMailbox.store

    def storing(self: MaildirMailbox, messages: Any, folder: str) -> Any:
        os.kill(os.getpid(), number)
        return store(self, messages, folder)

    monkeypatch.setattr(MaildirMailbox, "store", storing)
    found = place.json("sync", "--yes", code=130)
    assert [(line["kind"], line["outcome"]) for line in found["lines"]] == [("collect", "done")]
    assert found["exit"] == 130
    assert len(place.files("all")) == 2
    monkeypatch.undo()
    assert place.json("history")[0]["state"] == "interrupted"
    found = place.json("sync", "--yes")
    assert [line["kind"] for line in found["lines"]] == ["forward-delete"]
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


@pytest.mark.server
@pytest.mark.parametrize("command", [["plan"], ["sync", "--yes"], ["check"]])
def test_a_signal_ends_the_waiting_for_a_silent_server(
    place: Place, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW", "secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        place.write_config(
            '[external.slow]\ntype = "imap"\nhost = "127.0.0.1"\ntls = "none"\nuser = "ann"\n'
            f'password_env = "SLOW"\nport = {server.getsockname()[1]}\n'
        )
        with place.process(*command, stdout=-1, stderr=-1) as process:
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in errors
    assert b"Traceback" not in errors
    assert not place.state.exists()


def test_a_signal_ends_a_password_command(place: Place) -> None:
    """It says that it began, and would end once somebody writes to it."""
    begun, released = place.directory / "begun", place.directory / "released"
    os.mkfifo(begun)
    os.mkfifo(released)
    place.write_config(
        '[external.slow]\ntype = "pop3"\nhost = "127.0.0.1"\ntls = "none"\nuser = "ann"\n'
        f"password_command = 'echo > {begun}; cat {released}'\n"
    )
    with (
        begun.open("r+b", 0) as beginning,
        place.process("sync", "--yes", stdout=-1, stderr=-1) as process,
    ):
        assert select.select([beginning], [], [], LIMIT)[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 130
        with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
            os.open(released, os.O_WRONLY | os.O_NONBLOCK)
        assert process.stderr is not None
        assert b"interrupted; nothing was done" in process.stderr.read()
    assert not place.state.exists()


def test_a_signal_ends_a_waiting_that_cannot_be_cut(place: Place) -> None:
    """A Maildir whose file system hangs: every look into it waits for ever."""
    begun, never = place.directory / "begun", place.directory / "never"
    os.mkfifo(begun)
    os.mkfifo(never)
    hanging = (
        "from pathlib import Path\n"
        "from mailsync_tui.cli import main\n"
        "from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox\n"
        "def hang(*_):\n"
        f"    Path({str(begun)!r}).write_text('begun')\n"
        f"    Path({str(never)!r}).read_text()\n"
        "MaildirMailbox.list = hang\n"
        "main()\n"
    )
    command = [sys.executable, "-c", hanging, *place.command("sync", "--yes")[3:]]
    with (
        begun.open("r+b", 0) as beginning,
        subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as process,
    ):
        try:
            assert select.select([beginning], [], [], LIMIT)[0]
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT) == 130
            assert process.stderr is not None
            assert b"interrupted; nothing was done" in process.stderr.read()
        finally:
            process.kill()
    assert not place.state.exists()


# --- --every


def test_every_needs_yes_and_a_duration(place: Place) -> None:
    assert "needs --yes" in place.run("sync", "--every", "15m").stderr
    for wrong in ("", "0s", "15", "m", "1w", "-1m", "1.5h", "99999999d", "٣m"):
        result = place.run("sync", "--yes", "--every", wrong)
        assert result.exit_code == 2
        assert "--every" in result.stderr


def test_durations() -> None:
    texts = {"15m": 900, "1h": 3600, "90s": 90, "1d": 86400}
    assert {text: parse_duration(text) for text in texts} == texts
    with pytest.raises(CommandError):
        parse_duration("5")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_repeats_until_a_signal(place: Place, number: signal.Signals) -> None:
    place.synced("a")
    place.remove("old", "a")
    place.deliver("old", "b")
    args = ("sync", "--every", "1s", "--yes", "--json")
    with place.process(*args, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        second = json.loads(process.stdout.readline())
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line["kind"] for line in first["lines"]] == ["collect"], "only what is scheduled"
    assert second["lines"] == []
    assert errors.count(b"applies collect ([schedule] apply)") == 2, "once more as it began"
    assert b"Traceback" not in errors
    assert len(place.files("all")) == 2


def rounds(
    place: Place, monkeypatch: pytest.MonkeyPatch, *args: str, between: Callable[[], None]
) -> list[str]:
    """What two rounds say; local time is left out."""

    def two(output: object, interrupts: object, seconds: int, a_round: Callable[[], int]) -> int:
        a_round()
        between()
        place.age()
        a_round()
        return 130

    monkeypatch.setattr(every, "repeat", two)
    done = place.run("sync", "--every", "15m", "--yes", *args)
    (begun,) = done.stderr.splitlines()
    assert begun.endswith(", every 15m; a round that does nothing says nothing")
    return [line.partition(" default: ")[2] for line in done.stdout.splitlines()]


def test_a_round_says_first_what_it_applies_and_an_idle_one_prints_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver("old", "one")
    assert rounds(place, monkeypatch, between=lambda: None) == [
        "applies collect ([schedule] apply)",
        "1 done",
    ]


def test_a_round_says_what_the_other_directions_would_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.synced("a", "b", "c", "d")
    place.remove("old", "a")
    place.remove("all", "b")
    place.remove("all", "c")
    place.deliver("work", "e")
    assert rounds(place, monkeypatch, between=lambda: place.remove("all", "d")) == [
        "applies collect ([schedule] apply); forward would do 1 line; reverse would do 2 lines",
        "1 done",
    ]
    assert [run["run"] for run in place.json("history")] == ["2", "1"], "no run that did nothing"
    assert rounds(place, monkeypatch, "--forward", between=lambda: None) == [
        "applies forward (named on the command line); reverse would do 3 lines",
        "1 done",
    ]


def test_what_is_as_it_was_is_not_said_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.deliver("old", "one")
    (place.directory / "work").rename(place.directory / "away")
    first, done = rounds(place, monkeypatch, between=lambda: None)[:2]
    assert first.startswith("applies")
    assert done.startswith("1 done, work not reached: there is no Maildir")
    (again,) = rounds(place, monkeypatch, between=lambda: None)
    assert "not tried again before " in again


def test_every_goes_on_after_a_failing_round(place: Place) -> None:
    place.synced("a")
    (place.directory / "all").rename(place.directory / "away")
    with place.process("sync", "--every", "1s", "--yes", stdout=-1, stderr=-1) as process:
        assert process.stderr is not None
        seen = b""
        while b"round 2 ended with exit code 1" not in seen:
            line = process.stderr.readline()
            assert line, seen
            seen += line
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_the_worst_code_counts() -> None:
    assert worst_exit_code([]) == worst_exit_code([0, 0]) == 0
    assert worst_exit_code([0, 4, 3]) == 3
    assert worst_exit_code([4, 3, 1, 2, 5, 6, 130]) == 130
    assert worst_exit_code([4, 1, 2, 3]) == 2


# --- the log


def test_the_log_has_a_line_for_every_event_and_cannot_be_forged(place: Place) -> None:
    log = place.directory / "log"
    place.deliver("old", "a", subject="x")
    assert place.run("--log-file", str(log), "sync", "--yes").exit_code == 0
    assert log.stat().st_mode & 0o777 == 0o600
    lines = log.read_text().splitlines()
    assert any("old: listed 1 message" in line for line in lines)
    assert any("done collect old" in line for line in lines)
    assert lines[-1].endswith("default: exit 0")
    place.run("--log-file", str(log), "--user", "a\n2026 forged\x1b[2J", "plan")
    more = log.read_text().splitlines()
    assert more[: len(lines)] == lines
    assert not any(line.startswith("2026 forged") for line in more)
    assert "\x1b" not in log.read_text()


def test_a_log_that_cannot_be_opened_is_a_usage_error(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    link = tmp_path / "link"
    link.symlink_to(target)
    for path in (link, tmp_path, tmp_path / "no" / "log"):
        result = place.run("--log-file", str(path), "sync", "--yes")
        assert result.exit_code == 2
        assert "log file" in result.stderr
    assert not place.state.exists()


def test_the_unforeseen_is_one_line_and_its_origin_is_in_the_log(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("password=hunter2")

    monkeypatch.setattr("mailsync_tui.session.session.Session.plan", broken)
    log = place.directory / "log"
    result = place.run("--log-file", str(log), "plan")
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    text = log.read_text()
    assert "in broken" in text
    assert "hunter2" not in text + result.output


def test_a_log_that_was_rotated_is_begun_anew(place: Place) -> None:
    log, old = place.directory / "log", place.directory / "log.1"
    output = Output()
    output.open_log(log)
    output.log("before")
    log.rename(old)
    output.log("after")
    output.log("and again")
    assert [line.split()[-1] for line in old.read_text().splitlines()] == ["before"]
    assert [line.split()[-1] for line in log.read_text().splitlines()] == ["after", "again"]
    assert log.stat().st_mode & 0o777 == 0o600
    elsewhere = place.directory / "elsewhere"
    log.unlink()
    log.symlink_to(elsewhere)
    output.log("through a link")
    assert not elsewhere.exists()
    output.close()
