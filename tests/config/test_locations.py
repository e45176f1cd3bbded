from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.config.locations import config_path, person_dir, state_root
from tests.config.conftest import Load
from tests.config.texts import POP3, STORE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_configuration(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path(None) == home / ".config/mailsync-tui/config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_path(None) == tmp_path / "xdg/mailsync-tui/config.toml"
    assert config_path(tmp_path / "other.toml") == tmp_path / "other.toml"


def test_the_state(load: Load, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load(STORE + POP3)
    assert state_root(None, config) == home / ".local/state/mailsync-tui"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_root(None, config) == tmp_path / "xdg/mailsync-tui"
    own = replace(config, state_dir=tmp_path / "own")
    assert state_root(None, own) == tmp_path / "own"
    assert state_root(tmp_path / "option", own) == tmp_path / "option"


def test_a_relative_option_becomes_absolute(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_path(Path("c.toml")) == tmp_path / "c.toml"
    assert state_root(Path("state"), load(STORE + POP3)) == tmp_path / "state"


def test_home_in_an_option(home: Path) -> None:
    assert config_path(Path("~/c.toml")) == home / "c.toml"


def test_asking_makes_nothing(load: Load, home: Path) -> None:
    config = load(STORE + POP3)
    config_path(None)
    person_dir(state_root(None, config), "default")
    assert not home.exists()


def test_everybody_has_a_directory(tmp_path: Path) -> None:
    assert person_dir(tmp_path, "ann") != person_dir(tmp_path, "bob")
    assert person_dir(tmp_path, "ann").parent == tmp_path
