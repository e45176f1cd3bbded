from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.session.person import config_path, load_people
from tests.config.texts import POP3, STORE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration of one person."""
    path = tmp_path / "one.toml"
    path.write_text(STORE + POP3)
    path.chmod(0o600)
    return path


def directory(file: Path, state_dir: Path | None = None) -> Path:
    """Where the one person's ledger lies."""
    (person,) = load_people(file, state_dir)
    return person.directory


def test_the_configuration(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path(None) == home / ".config/mailsync-tui/config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_path(None) == tmp_path / "xdg/mailsync-tui/config.toml"
    assert config_path(tmp_path / "other.toml") == tmp_path / "other.toml"


def test_the_state(file: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert directory(file) == home / ".local/state/mailsync-tui/default"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert directory(file) == tmp_path / "xdg/mailsync-tui/default"
    file.write_text(f'state_dir = "{tmp_path / "own"}"\n' + STORE + POP3)
    assert directory(file) == tmp_path / "own/default"
    assert directory(file, tmp_path / "option") == tmp_path / "option/default"


def test_a_relative_option_becomes_absolute(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_path(Path("c.toml")) == tmp_path / "c.toml"
    assert directory(file, Path("state")) == tmp_path / "state/default"


def test_home_in_an_option(home: Path) -> None:
    assert config_path(Path("~/c.toml")) == home / "c.toml"


def test_asking_makes_nothing(file: Path, home: Path) -> None:
    config_path(None)
    directory(file)
    assert not home.exists()


def test_everybody_has_a_directory(tmp_path: Path) -> None:
    sections = [
        f"[users.{name}.consolidated]\ntype = 'maildir'\npath = '/{name}'\n"
        f"[users.{name}.external.old]\ntype = 'maildir'\npath = '/old/{name}'\n"
        for name in ("ann", "bob")
    ]
    path = tmp_path / "two.toml"
    path.write_text("".join(sections))
    ann, bob = load_people(path, tmp_path)
    assert (ann.name, bob.name) == ("ann", "bob")
    assert (ann.directory, bob.directory) == (tmp_path / "ann", tmp_path / "bob")
