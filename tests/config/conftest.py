from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailsync_tui.config import overlap
from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import Config
from mailsync_tui.errors import ConfigError

Load = Callable[[str], Config]
Problems = Callable[[str], list[str]]


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> dict[str, frozenset[str]]:
    """What host names resolve to; no test asks a real resolver."""
    found: dict[str, frozenset[str]] = {}
    monkeypatch.setattr(overlap, "addresses_of", lambda hosts: found)
    return found


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a configuration from its text."""

    def run(text: str) -> Config:
        path = tmp_path / "config.toml"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return run


@pytest.fixture
def problems(load: Load) -> Problems:
    """What is wrong with a configuration, one string a problem."""

    def run(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert str(caught.value).split("\n") == [str(each) for each in caught.value.problems]
        return [str(problem) for problem in caught.value.problems]

    return run
