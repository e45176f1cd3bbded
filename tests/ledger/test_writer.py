"""Who writes what: all SQL stands in the room of the ledger, and a copy's state in its writer."""

from __future__ import annotations

import re
from pathlib import Path

import mailsync_tui

PACKAGE = Path(mailsync_tui.__file__).parent
STATE = re.compile(r"(?is)\bUPDATE\s+copy\b[^;]*?\bstate\s*=\s*'|\bINSERT\s+INTO\s+copy\b")
SQL = re.compile(
    r"\b(?:SELECT\s.+?\sFROM|INSERT\s(?:OR\s\w+\s)?INTO|UPDATE\s\w+\sSET|DELETE\sFROM)\b"
)


def holding(pattern: re.Pattern[str]) -> set[str]:
    """The modules whose text matches, as paths below the package."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if pattern.search(path.read_text())
    }


def test_the_state_of_a_copy_is_written_by_the_writer_alone() -> None:
    assert holding(STATE) == {"ledger/writer.py"}


def test_all_sql_stands_in_the_room_of_the_ledger() -> None:
    found = holding(SQL)
    assert "ledger/reader.py" in found
    assert {name for name in found if not name.startswith("ledger/")} == set()
