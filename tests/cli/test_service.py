"""``service``: units for systemd, and cron's line."""

from __future__ import annotations

import configparser
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.place import Place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "systemd" / "user"


def read(text: str) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign, assignment]
    unit.read_string(text)
    return unit


def test_a_unit_is_shown_and_nothing_is_written(place: Place, folder: Path) -> None:
    result = place.run("service", "show")
    assert result.exit_code == 0
    unit = read(result.stdout)
    assert shlex.split(unit["Service"]["ExecStart"]) == [
        *(sys.executable, "-m", "mailsync_tui", "--config", str(place.config)),
        *("sync", "--every", "15m", "--yes"),
    ]
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert unit["Service"]["EnvironmentFile"] == f"-{place.directory / 'environment'}"
    assert unit["Install"]["WantedBy"] == "default.target"
    assert not folder.exists()


def test_it_is_installed_and_removed(place: Place, folder: Path) -> None:
    done = place.run("service", "install", "--every", "1h")
    assert done.stdout.splitlines()[:2] == [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now mailsync-tui.service",
    ]
    unit = folder / "mailsync-tui.service"
    assert "--every 1h --yes" in unit.read_text()
    place.run("service", "install", "--timer")
    assert sorted(path.name for path in folder.iterdir()) == [
        "mailsync-tui.service",
        "mailsync-tui.timer",
    ]
    assert read(unit.read_text())["Service"]["Type"] == "oneshot"
    timer = read((folder / "mailsync-tui.timer").read_text())
    assert timer["Timer"]["OnUnitActiveSec"] == "900s"
    assert "disable --now mailsync-tui.timer mailsync-tui.service" in (
        place.run("service", "remove").stdout
    )
    assert list(folder.iterdir()) == []
    assert "no unit" in place.run("service", "remove").stderr


def test_what_a_person_wrote_is_left_alone(place: Place, folder: Path) -> None:
    folder.mkdir(parents=True)
    unit = folder / "mailsync-tui.service"
    unit.write_text("[Service]\n")
    for action in ("install", "remove"):
        result = place.run("service", action)
        assert result.exit_code == 2
        assert "was not written by this program" in result.stderr
    assert unit.read_text() == "[Service]\n"


def test_odd_paths_are_quoted(place: Place, folder: Path) -> None:
    odd = place.directory / 'a "b" 100% $HOME'
    odd.mkdir()
    shutil.copy(place.config, odd / "config.toml")
    result = place.run("service", "show", "--config", str(odd / "config.toml"))
    written = str(odd / "config.toml").replace("%", "%%").replace("$", "$$")
    assert written in shlex.split(read(result.stdout)["Service"]["ExecStart"])
    line = place.run("service", "show", "--cron", "--config", str(odd / "config.toml")).stdout
    assert line.count("%") == line.count("\\%") == 1
    assert not folder.exists()


@pytest.mark.parametrize(
    ("every", "when"),
    [("15m", "*/15 * * * * "), ("1h", "0 */1 * * * "), ("1d", "0 */24 * * * ")],
)
def test_cron(place: Place, every: str, when: str) -> None:
    line = place.run("service", "show", "--cron", "--every", every).stdout
    assert line.startswith(when)
    assert line.endswith("sync --collect --yes >/dev/null 2>&1\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ("show", "--cron", "--every", "7m"),
        ("show", "--cron", "--every", "90s"),
        ("show", "--every", "soon"),
        ("install", "--cron"),
        ("show", "--cron", "--timer"),
        ("start",),
    ],
)
def test_what_cannot_be(place: Place, folder: Path, wrong: tuple[str, ...]) -> None:
    assert place.run("service", *wrong).exit_code == 2
    assert not folder.exists()


def test_a_wrong_configuration_is_said_at_once(place: Place, folder: Path) -> None:
    place.config.write_text("wrong")
    assert place.run("service", "install").exit_code == 2
    place.write_people("ann", "bob")
    assert "choose one with --user NAME" in place.run("service", "install").stderr
    assert not folder.exists()
    assert "--yes --all-users" in place.run("service", "show", "--all-users").stdout
    assert "--user ann sync" in place.run("service", "show", "--user", "ann").stdout
