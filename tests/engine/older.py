"""A ledger as an earlier version of the program left it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mailsync_tui.ledger import schema

_BACK = {
    schema.VERSION_2: "DROP TABLE removed; DROP TABLE put_back;",
    schema.VERSION_3: (
        "DROP INDEX copy_missing; DROP TABLE listing; ALTER TABLE copy DROP COLUMN listed_scan;"
        "ALTER TABLE copy DROP COLUMN adopted_scan; ALTER TABLE mailbox DROP COLUMN seen_scan;"
    ),
    schema.VERSION_4: (
        "DROP INDEX action_unanswered; ALTER TABLE action DROP COLUMN sent;"
        "ALTER TABLE copy DROP COLUMN surplus;"
    ),
    schema.VERSION_5: "DROP INDEX message_date;",
    schema.VERSION_6: "ALTER TABLE mailbox DROP COLUMN reached;",
    schema.VERSION_7: "ALTER TABLE mailbox DROP COLUMN waited;",
    schema.VERSION_8: "DROP TABLE clock;",
    schema.VERSION_9: (
        "ALTER TABLE hold DROP COLUMN reason; ALTER TABLE hold DROP COLUMN attempts;"
        "ALTER TABLE hold DROP COLUMN rounds;"
    ),
    schema.VERSION_9: (
        "ALTER TABLE hold DROP COLUMN reason; ALTER TABLE hold DROP COLUMN attempts;"
        "ALTER TABLE hold DROP COLUMN rounds;"
    ),
    schema.VERSION_10: "DROP TABLE away;",
    schema.VERSION_11: "DROP TABLE wait; ALTER TABLE away DROP COLUMN refused;",
    schema.VERSION_12: "DROP TABLE marked;",
}


def older(path: Path, version: int) -> None:
    """Take the steps back that came after a version."""
    with closing(sqlite3.connect(path)) as db:
        for step in reversed(schema.MIGRATIONS[version:]):
            db.executescript(_BACK[step])
        db.executescript(f"PRAGMA user_version = {version}; VACUUM;")
