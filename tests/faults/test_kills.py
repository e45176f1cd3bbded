"""Some random kills; many more with ``python -m tests.faults.kills``."""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import kill


def test_killed_at_random_nothing_is_lost_doubled_or_deleted_without_cause(tmp_path: Path) -> None:
    tally = kill(3, 60, tmp_path)
    assert tally.kills >= 60
    assert set(tally.in_a_row) == {1, 2, 3}
