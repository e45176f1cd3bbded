"""A few kills; many more with ``python -m tests.e2e.kills``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.e2e.kills import ordeal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.dovecot import Dovecot


@pytest.mark.parametrize("home", ["imap", "maildir"])
def test_a_killed_sync_loses_doubles_and_deletes_nothing_twice(
    server: Dovecot, home: Literal["imap", "maildir"], tmp_path: Path
) -> None:
    tally = ordeal(server, tmp_path, home, seed=7, kills=4)
    assert tally.killed == 4
