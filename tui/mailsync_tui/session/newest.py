"""What the app shows first: the newest of the ledger, before what a session needs is loaded."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mailsync_tui.engine import comparison
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from mailsync_tui.config.model import UserConfig
    from mailsync_tui.engine.comparison import Comparison


def newest(config: UserConfig, directory: Path, limit: int) -> Comparison:
    """The newest messages that the ledger knows; nothing is contacted.

    Args:
        config: The person's configuration.
        directory: Where the person's ledger lies.
        limit: How many messages.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with contextlib.closing(open_ledger(directory / FILE_NAME)) as ledger:
        return comparison.newest(config, ledger, limit)
