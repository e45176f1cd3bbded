"""The set-up, as a person has it on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.config.load import load_config
from tests.cli.place import Place
from tests.cli.terminal import Terminal, terminal
from tests.servers.dovecot import PASSWORD, Dovecot


def answers(tty: Terminal, *dialog: tuple[str, str]) -> None:
    """Answer each question once it stands there."""
    for question, answer in dialog:
        tty.until(question.encode())
        tty.seen = b""
        tty.answer(f"{answer}\n".encode())


def answers_for(server: Dovecot, user: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Mail address", f"{user}@mail.example"),
        ("Protocol", "imap"),
        ("Server", "127.0.0.1"),
        ("Encryption", "none"),
        ("Port", str(server.imap)),
        ("User name", user),
        ("come from?", "file"),
    )


@pytest.mark.server
def test_from_nothing_to_a_first_plan(place: Place, server: Dovecot) -> None:
    place.config.unlink()
    home = place.directory / "gathered"
    with terminal(place, "setup") as tty:
        answers(
            tty,
            *answers_for(server, "newcomer"),
            ("not shown", "wrong"),
            ("short name", "isp"),
            ("What now?", "change"),
            ("Mail address", ""),
            ("Protocol", ""),
            ("Server", ""),
            ("Encryption", ""),
            ("Port", ""),
            ("User name", ""),
            ("Keep the password", "n"),
            ("come from?", "file"),
            ("not shown", PASSWORD),
            ("Folders", ""),
            ("remove mail there?", "y"),
            ("Another account?", ""),
            ("all mail gathered?", ""),
            ("Maildir", str(home)),
            ("What next?", ""),
            ("Write this", ""),
            ("Look at the plan", ""),
        )
        tty.until(b"mailsync-tui sync")
        assert tty.end() == 0
    (person,) = load_config(place.config).users
    (account,) = person.external
    assert (account.name, account.user, account.folders) == ("isp", "newcomer", ("INBOX",))
    assert account.allow == ("collect", "reverse")
    assert person.consolidated.path == home
    assert not home.exists()  # a plan makes nothing


def test_a_change_that_is_not_confirmed_is_not_written(place: Place) -> None:
    before = place.config.read_bytes()
    with terminal(place, "setup") as tty:
        answers(tty, ("What next?", "remove"), ("Which", "work"), ("What next?", "done"))
        answers(tty, ("Write this", "n"))
        tty.until(b"What next?")
        tty.answer(b"\x04")  # as Ctrl+D: a Ctrl+C may come before input() listens
        assert tty.end() == 130
    assert place.config.read_bytes() == before


def test_what_cannot_be_is_said_and_can_be_mended(place: Place) -> None:
    with terminal(place, "setup") as tty:
        for name in ("old", "work"):
            answers(tty, ("What next?", "remove"), ("Which", name))
        answers(tty, ("What next?", "done"), ("Write this", "y"))
        tty.until(b"Not written: external: no external mailbox")
        tty.until(b"What next?")
        tty.answer(b"\x04")
        assert tty.end() == 130


def test_a_provider_is_named_and_what_it_takes(place: Place) -> None:
    place.config.unlink()
    with terminal(place, "setup") as tty:
        answers(tty, ("Mail address", "ann@gmail.com"))
        tty.until(b"This is Gmail.")
        tty.until(b"app password, not your password")
        answers(tty, ("Protocol", ""))
        tty.until(b"[imap.gmail.com]")
        tty.answer(b"\x04")  # as Ctrl+D: a Ctrl+C may come before input() listens
        assert tty.end() == 130
    assert not place.config.exists()


def test_without_a_terminal_nothing_is_asked(place: Place) -> None:
    result = place.run("setup")
    assert result.exit_code == 2
    assert "no terminal" in result.stderr


def test_a_path_of_the_configuration_that_is_no_toml(place: Place, tmp_path: Path) -> None:
    place.config.write_text("a = [")
    with terminal(place, "setup") as tty:
        assert tty.end() == 2
    assert b"no valid TOML" in tty.seen
