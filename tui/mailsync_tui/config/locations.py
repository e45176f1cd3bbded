"""Where the configuration and the state lie; asking makes no directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsync_tui.config.model import Config

_PROGRAM = "mailsync-tui"


def config_path(option: Path | None) -> Path:
    """The configuration file: ``--config``, else ``$XDG_CONFIG_HOME/mailsync-tui/config.toml``."""
    if option is not None:
        return _absolute(option)
    from platformdirs.unix import Unix

    return Path(Unix(_PROGRAM, appauthor=False).user_config_dir) / "config.toml"


def state_root(option: Path | None, config: Config) -> Path:
    """The state directory: ``--state-dir``, else ``state_dir`` of the file, else XDG's."""
    chosen = option if option is not None else config.state_dir
    if chosen is not None:
        return _absolute(chosen)
    from platformdirs.unix import Unix

    return Path(Unix(_PROGRAM, appauthor=False).user_state_dir)


def person_dir(root: Path, name: str) -> Path:
    """One person's own directory: ledger, quarantine and lock.

    Args:
        root: What :func:`state_root` told.
        name: The person's name, which the configuration has checked; ``default`` in a file of one.
    """
    return root / name


def _absolute(path: Path) -> Path:
    # Not Path.expanduser: that raises RuntimeError for an unknown user.
    return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111
