from __future__ import annotations

import os
import select
import shlex
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import ModuleType

import pytest

from mailsync_tui.config.model import Secret
from mailsync_tui.config.secrets import resolve
from mailsync_tui.errors import SecretError


def from_command(command: str, timeout: float = 60.0) -> str:
    return resolve(Secret("password_command", command), "isp", timeout)


def test_the_password_itself() -> None:
    assert resolve(Secret("password", "hunter2"), "isp") == "hunter2"


class TestEnvironment:
    SECRET = Secret("password_env", "MAILSYNC_TEST_PASSWORD")

    def test_the_value(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAILSYNC_TEST_PASSWORD", " geheim ü ")
        assert resolve(self.SECRET, "isp") == " geheim ü "

    def test_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MAILSYNC_TEST_PASSWORD", raising=False)
        with pytest.raises(SecretError, match=r"isp: .*MAILSYNC_TEST_PASSWORD.* is not set"):
            resolve(self.SECRET, "isp")

    @pytest.mark.parametrize(
        ("value", "reason"),
        [(b"", "is empty"), (b"hunter2\nx", "line break"), (b"hunter2\xff", "not UTF-8")],
    )
    def test_unusable(self, monkeypatch: pytest.MonkeyPatch, value: bytes, reason: str) -> None:
        monkeypatch.setitem(os.environb, b"MAILSYNC_TEST_PASSWORD", value)
        with pytest.raises(SecretError, match=reason) as caught:
            resolve(self.SECRET, "isp")
        assert "hunter2" not in str(caught.value)


class TestCommand:
    def test_it_is_ended_where_it_is_not_wanted_any_more(self) -> None:
        with pytest.raises(SecretError, match="isp: password_command was ended") as caught:
            resolve(
                Secret("password_command", "echo hunter2; sleep 3600"), "isp", 3600.0, lambda: True
            )
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("command", "expected"),
        [
            ("echo hunter2", "hunter2"),
            ("printf hunter2", "hunter2"),
            ("printf 'hunter2\\r\\nuser: ann\\n'", "hunter2"),
            ("printf 'a\\nb\\n' | tail -1", "b"),
            ("printf ' two words  '", " two words  "),
            ("echo warning >&2; echo hunter2", "hunter2"),
        ],
    )
    def test_the_first_line(self, command: str, expected: str) -> None:
        assert from_command(command) == expected

    def test_a_token_likewise(self) -> None:
        assert resolve(Secret("token_command", "echo ya29.x"), "work") == "ya29.x"

    def test_it_reads_nothing_from_the_terminal(self) -> None:
        assert from_command("cat; echo done") == "done"

    def test_it_has_a_session_of_its_own_and_so_no_terminal(self) -> None:
        session = from_command(f"{shlex.quote(sys.executable)} -c 'import os; print(os.getsid(0))'")
        assert int(session) != os.getsid(0)

    def test_failure(self) -> None:
        with pytest.raises(SecretError) as caught:
            from_command("echo hunter2; printf 'no such \\033[1mentry\\nmore\\n' >&2; exit 3")
        text = str(caught.value)
        assert text.startswith("isp: password_command failed with exit code 3: no such ")
        assert "\x1b" not in text
        assert "hunter2" not in text
        assert "more" not in text

    def test_failure_without_a_word(self) -> None:
        with pytest.raises(SecretError) as caught:
            from_command("exit 1")
        assert str(caught.value) == "isp: password_command failed with exit code 1"

    def test_killed(self) -> None:
        with pytest.raises(SecretError, match="was ended by signal 9"):
            from_command("kill -9 $$")

    @pytest.mark.parametrize("command", ["true", "echo", "printf '\\nhunter2\\n'"])
    def test_nothing(self, command: str) -> None:
        with pytest.raises(SecretError, match="is empty"):
            from_command(command)

    @pytest.mark.parametrize(
        ("command", "reason"),
        [("printf 'hunter2\\377\\n'", "not UTF-8"), ("printf 'hunter2\\000\\n'", "NUL")],
    )
    def test_unusable(self, command: str, reason: str) -> None:
        with pytest.raises(SecretError, match=reason) as caught:
            from_command(command)
        assert "hunter2" not in str(caught.value)

    def test_one_that_hangs_is_ended_with_its_children(self, tmp_path: Path) -> None:
        fifo = tmp_path / "alive"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            with pytest.raises(SecretError, match="did not end within 1 s") as caught:
                from_command(f"exec 3>{shlex.quote(str(fifo))}; echo hunter2; sleep 600 | cat", 1)
            assert "hunter2" not in str(caught.value)
            # Hung up: every process that inherited the other end has ended.
            poll = select.poll()
            poll.register(reader, 0)
            assert poll.poll(60_000) == [(reader, select.POLLHUP)]
        finally:
            os.close(reader)


class Keyring(ModuleType):
    """The library, as far as it is used, over a dictionary."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.entries: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.hangs: Event | None = None

    def get_password(self, service: str, user: str) -> str | None:
        if self.error is not None:
            raise self.error
        if self.hangs is not None:
            self.hangs.wait(60)
        return self.entries.get((service, user))


class KeyringError(Exception):
    pass


class TestKeyring:
    SECRET = Secret("keyring", "ann smith@mail.example.org")

    @pytest.fixture
    def library(self, monkeypatch: pytest.MonkeyPatch) -> Keyring:
        library = Keyring()
        errors = ModuleType("keyring.errors")
        errors.KeyringError = KeyringError  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "keyring", library)
        monkeypatch.setitem(sys.modules, "keyring.errors", errors)
        return library

    def test_the_password(self, library: Keyring) -> None:
        library.entries["mailsync-tui", "ann smith@mail.example.org"] = "geheim ü"
        assert resolve(self.SECRET, "work") == "geheim ü"

    def test_no_entry_and_the_command_that_makes_it(self, library: Keyring) -> None:
        library.entries["another program", "ann smith@mail.example.org"] = "hunter2"
        with pytest.raises(SecretError) as caught:
            resolve(self.SECRET, "work")
        assert str(caught.value) == (
            "work: keyring = true: it holds no password for ann smith@mail.example.org; set it"
            " with: keyring set mailsync-tui 'ann smith@mail.example.org'"
        )

    @pytest.mark.parametrize(("value", "reason"), [("", "is empty"), ("a\nb", "line break")])
    def test_unusable(self, library: Keyring, value: str, reason: str) -> None:
        library.entries["mailsync-tui", "ann smith@mail.example.org"] = value
        with pytest.raises(SecretError, match=reason):
            resolve(self.SECRET, "work")

    def test_a_keyring_that_cannot_be_asked(self, library: Keyring) -> None:
        library.error = KeyringError("locked \x1b[1m\nhunter2")
        with pytest.raises(SecretError) as caught:
            resolve(self.SECRET, "work")
        said = str(caught.value)
        assert said.startswith("work: keyring = true: the keyring cannot be asked for ann smith@")
        assert "\x1b" not in said
        assert "hunter2" not in said
        assert caught.value.__cause__ is None

    def test_one_that_never_answers(self, library: Keyring) -> None:
        library.hangs = Event()
        try:
            with pytest.raises(SecretError) as caught:
                resolve(self.SECRET, "work", timeout=0.05)
        finally:
            library.hangs.set()
        assert str(caught.value) == (
            "work: keyring = true: the keyring, asked for ann smith@mail.example.org, did not"
            " answer within 0.05 s; is it locked?"
        )

    def test_it_is_waited_for_no_longer_when_the_program_is_to_end(self, library: Keyring) -> None:
        library.hangs = Event()
        try:
            with pytest.raises(SecretError, match="as this program was to end"):
                resolve(self.SECRET, "work", cancelled=lambda: True)
        finally:
            library.hangs.set()

    def test_one_that_never_answers_does_not_hold_up_the_programs_end(self, tmp_path: Path) -> None:
        (tmp_path / "keyring").mkdir()
        (tmp_path / "keyring" / "__init__.py").write_text(
            "import threading\ndef get_password(service, user):\n    threading.Event().wait(300)\n"
        )
        (tmp_path / "keyring" / "errors.py").write_text("class KeyringError(Exception): pass\n")
        script = (
            "from mailsync_tui.errors import SecretError\n"
            "from mailsync_tui.config.model import Secret\n"
            "from mailsync_tui.config.secrets import resolve\n"
            "try:\n"
            "    resolve(Secret('keyring', 'ann'), 'work', timeout=0.05)\n"
            "except SecretError as error:\n"
            "    print(error)\n"
        )
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        ended = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "did not answer within 0.05 s" in ended.stdout

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "keyring", None)
        with pytest.raises(SecretError, match=r"needs the library keyring .*: pip install keyring"):
            resolve(self.SECRET, "work")
