"""A terminal that is gone is noticed by a process that does not control it."""

from __future__ import annotations

import os
import pty

from mailsync_tui.ui.run import hung_up


def test_a_terminal_whose_other_end_is_closed_has_hung_up() -> None:
    master, slave = pty.openpty()
    try:
        assert not hung_up(slave)
        os.close(master)
        assert hung_up(slave)
    finally:
        os.close(slave)
