"""The app on a terminal of its own: how it begins, and how it ends whatever a server does."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import maildir_mail
from tests.cli.place import Place
from tests.cli.terminal import Terminal, terminal
from tests.servers.imap_script import SECRET, Connection, Folder, ImapScript, Message
from tests.servers.script import talking

LISTING = b"listed 1"
"""The one account is listed, the other is still waited for."""

KEYS = {"q": b"q", "Ctrl+C": b"\x03", "Ctrl+Q": b"\x11"}
SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}


def leave(shown: Terminal, how: str) -> int:
    """End the app in one of the ways there are."""
    if how in KEYS:
        shown.answer(KEYS[how])
    else:
        shown.process.send_signal(SIGNALS[how])
    return shown.end()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where temporary directories are made."""
    path = tmp_path / "temporary"
    path.mkdir()
    return path


# --- without a configuration


def test_without_a_configuration_the_demo_is_offered_and_no_is_the_default(
    place: Place, temporary: Path
) -> None:
    place.config.unlink()
    with terminal(place, TMPDIR=str(temporary)) as shown:
        shown.until(b"Open the demo now? [y/N] ")
        assert str(place.config).encode() in shown.seen
        assert b"[consolidated]" in shown.seen
        shown.answer(b"\n")
        assert shown.end() == 0
    assert not list(temporary.iterdir())


@pytest.mark.server
def test_yes_opens_the_demo_and_nothing_of_it_is_left(place: Place, temporary: Path) -> None:
    place.config.unlink()
    with terminal(place, TMPDIR=str(temporary)) as shown:
        shown.until(b"[y/N] ")
        shown.answer(b"y\n")
        shown.until(b"(pop3)")
        assert [path.name[:14] for path in temporary.iterdir()] == ["mailsync-demo-"]
        assert leave(shown, "q") == 0
    assert not list(temporary.iterdir())


@pytest.mark.server
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_demo_s_directory_goes_while_its_servers_still_start(
    place: Place, temporary: Path, how: str
) -> None:
    with terminal(place, "demo", TMPDIR=str(temporary)) as shown:
        shown.until(b"starting the demo's servers")
        while not list(temporary.iterdir()):
            assert shown.process.poll() is None
        shown.process.send_signal(signal.Signals[how])
        assert shown.end() == 130
    assert not list(temporary.iterdir())


# --- ending


@pytest.mark.parametrize("how", [*KEYS, *SIGNALS])
def test_an_idle_app_ends(place: Place, how: str) -> None:
    place.synced("one")
    with terminal(place) as shown:
        shown.until(b"1 in sync")
        shown.until(b"as of ")
        assert leave(shown, how) == 0
        assert b"Traceback" not in shown.seen


@contextlib.contextmanager
def mute(place: Place) -> Iterator[None]:
    """Another account, on a POP3 server that accepts connections and never says a word."""

    def listen(file: object) -> None:
        file.read()  # type: ignore[attr-defined]

    with talking(listen) as port:
        place.write_config(
            f'[external.mute]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\n'
            'tls = "none"\nuser = "ann"\npassword = "x"\n'
        )
        place.config.chmod(0o600)
        yield


@pytest.mark.parametrize("how", [*KEYS, *SIGNALS])
def test_a_server_that_never_answers_does_not_hold_up_the_end(place: Place, how: str) -> None:
    place.synced("one")
    with mute(place), terminal(place) as shown:
        shown.until(LISTING)
        assert leave(shown, how) == 0
        assert b"Traceback" not in shown.seen


@pytest.mark.parametrize("controlling", [True, False])
def test_a_lost_terminal_ends_it(place: Place, controlling: bool) -> None:
    place.synced("one")
    with mute(place), terminal(place, controlling=controlling) as shown:
        shown.until(LISTING)
        os.close(shown.master)
        try:
            assert shown.process.wait(60) == 0
        finally:
            shown.master = os.open(os.devnull, os.O_RDONLY)


def test_a_password_command_that_hangs_does_not_hold_up_the_end(place: Place) -> None:
    """It is not waited for, and it does not outlive the app."""
    place.synced("one")
    fifo = place.directory / "fifo"
    os.mkfifo(fifo)
    place.write_config(
        '[external.mute]\ntype = "pop3"\nhost = "127.0.0.1"\nport = 1\ntls = "none"\n'
        f'user = "ann"\npassword_command = "cat {fifo}"\n'
    )
    with terminal(place) as shown:
        shown.until(LISTING)
        end = os.open(fifo, os.O_WRONLY)  # once ``cat`` reads
        assert leave(shown, "q") == 0
    os.close(end)
    with pytest.raises(OSError, match="No such device"):  # nobody reads it any more
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


class Hanging(ImapScript):
    """Gives a message out only when it may, and never answers LOGOUT."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.may_answer = threading.Event()

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if "BODY.PEEK[]" in items:
            self.asked.set()
            assert self.may_answer.wait(60)
        super().answer_fetch(to, folder, message, items)

    def do_logout(self, to: Connection, tag: bytes, *_: object) -> None:
        while to.line():
            pass


@pytest.mark.parametrize("how", ["Ctrl+C", *SIGNALS, "the terminal is lost"])
def test_a_run_cut_short_ends_with_130_though_a_server_hangs_when_left(
    place: Place, how: str
) -> None:
    place.synced("known")
    with Hanging() as server:
        for name in ("one", "two"):
            server.inbox.add(maildir_mail(name))
        place.write_config(
            f'[external.slow]\ntype = "imap"\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'tls = "none"\nuser = "ann"\npassword = "{SECRET}"\n'
        )
        place.config.chmod(0o600)
        with terminal(place) as shown:
            shown.until(b"2 new")
            shown.until(b"as of ")
            shown.answer(b"c")
            shown.until(b"collect from")
            shown.answer(b"a")
            shown.until(b"> No")
            shown.answer(b"y")
            assert server.asked.wait(60)
            if how in KEYS:
                shown.answer(KEYS[how])
                shown.until(b"Stopping")
                server.may_answer.set()
                assert shown.end() == 130
                return
            if how in SIGNALS:
                shown.process.send_signal(SIGNALS[how])
                server.may_answer.set()
                assert shown.end() == 130
                return
            os.close(shown.master)
            try:
                server.may_answer.set()
                assert shown.process.wait(60) == 130
            finally:
                shown.master = os.open(os.devnull, os.O_RDONLY)
