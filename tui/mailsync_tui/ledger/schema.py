"""The ledger's tables, and the steps that bring an older ledger to them.

``PRAGMA user_version`` is the version; each migration is applied once, in a transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from uuid import uuid4

VERSION_1 = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Which mailbox each account was; scan is the last one that was complete.
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    scan INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE folder (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    name TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uidnext INTEGER,
    modseq INTEGER,
    PRIMARY KEY (mailbox, name)
) WITHOUT ROWID;

-- known: once proved to lie in the consolidated mailbox. open: there is still something to say.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    known INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 1,
    message_id TEXT,
    sender_key TEXT NOT NULL,
    date_key TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    sender TEXT NOT NULL,
    date TEXT,
    size INTEGER NOT NULL,
    unread INTEGER NOT NULL DEFAULT 0,
    since TEXT NOT NULL
);
CREATE INDEX message_open ON message (open) WHERE open;

-- What a message may look like: as it was fetched, and as a server that altered it stored it.
CREATE TABLE identity (
    key BLOB NOT NULL,
    digest TEXT NOT NULL,            -- '' while it was not read
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    PRIMARY KEY (key, digest, message)
) WITHOUT ROWID;
CREATE INDEX identity_message ON identity (message);

-- One row per copy. adopted: proved to be this message (account), or placed (consolidated).
CREATE TABLE copy (
    id INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    folder TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uid NOT NULL,
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('live', 'missing', 'deleting', 'ended')),
    adopted INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL,
    first_scan INTEGER NOT NULL,
    came_after INTEGER NOT NULL,
    held_scan INTEGER NOT NULL DEFAULT 0,
    missing_scan INTEGER NOT NULL DEFAULT 0,
    absent INTEGER NOT NULL DEFAULT 0,
    absent_at TEXT,
    since TEXT NOT NULL,
    ended_at TEXT,
    UNIQUE (mailbox, folder, validity, uid)
);
CREATE INDEX copy_message ON copy (message);

-- Decisions of a person that stick to a message, and of a guard that stick to an account.
CREATE TABLE hold (
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    rule TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (message, kind, account, rule)
) WITHOUT ROWID;

CREATE TABLE block (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (account, kind, rule)
) WITHOUT ROWID;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    directions TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    exit INTEGER
);

-- The journal: intent (outcome NULL), then outcome.
CREATE TABLE action (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    line TEXT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    message INTEGER,
    message_id TEXT,
    subject TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    folder TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uid NOT NULL,
    quarantine TEXT,
    at TEXT NOT NULL,
    outcome TEXT,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX action_run ON action (run);
CREATE INDEX action_open ON action (mailbox) WHERE outcome IS NULL;
CREATE INDEX action_at ON action (at) WHERE kind IN ('forward-delete', 'reverse-delete');

-- Foreign \\Deleted marks that were lifted around an EXPUNGE and are not set again yet.
CREATE TABLE mark (
    mailbox TEXT NOT NULL,
    folder TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, folder, validity, uid)
) WITHOUT ROWID;
"""

# How each copy was right before it was deleted, and which deletion an action undoes.
VERSION_2 = """
CREATE TABLE removed (
    action INTEGER PRIMARY KEY REFERENCES action ON DELETE CASCADE,
    flags TEXT NOT NULL,             -- separated by blanks
    received TEXT
);
CREATE TABLE put_back (
    action INTEGER PRIMARY KEY REFERENCES action ON DELETE CASCADE,
    deletion INTEGER NOT NULL REFERENCES action ON DELETE CASCADE
);
CREATE INDEX put_back_deletion ON put_back (deletion);
"""

VERSION_3 = """
-- The complete listings that were recorded: what the evidence for a deletion is counted from.
CREATE TABLE listing (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    scan INTEGER NOT NULL,
    at TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (mailbox, scan)
) WITHOUT ROWID;

-- listed_scan: no complete listing from this one on has lacked it, until it went missing.
-- adopted_scan: the scan of the run that read its bytes last (POP3: by RETR).
ALTER TABLE copy ADD COLUMN listed_scan INTEGER NOT NULL DEFAULT 0;
ALTER TABLE copy ADD COLUMN adopted_scan INTEGER NOT NULL DEFAULT 0;
CREATE INDEX copy_missing ON copy (mailbox, missing_scan) WHERE missing_scan > 0;

-- seen_scan: what was read up to this scan was still listed by a complete listing after it.
ALTER TABLE mailbox ADD COLUMN seen_scan INTEGER NOT NULL DEFAULT 0;
"""

# sent: SHA-256 of what was to be stored on a server, until the server's answer came. surplus: such
# a store's copy, which came after its message had been stored once more.
VERSION_4 = """
ALTER TABLE action ADD COLUMN sent TEXT;
CREATE INDEX action_unanswered ON action (message) WHERE sent IS NOT NULL;
ALTER TABLE copy ADD COLUMN surplus INTEGER NOT NULL DEFAULT 0;
"""

# The app shows the newest messages before it has read the others.
VERSION_5 = """
CREATE INDEX message_date ON message (date);
"""

VERSION_6 = """
-- reached: when it was last listed completely, be it by a run that recorded nothing else; of one
-- that never was, since when it is waited for.
ALTER TABLE mailbox ADD COLUMN reached TEXT;
UPDATE mailbox SET reached = (SELECT max(at) FROM listing WHERE listing.mailbox = mailbox.id);

-- All messages are read once, as there may be something to say of settled ones (kept-on).
DELETE FROM meta WHERE name = 'rules';
"""

VERSION_7 = """
-- waited: when it was last left out of a run by choice.
ALTER TABLE mailbox ADD COLUMN waited TEXT;
"""

# What the clock said at each sync beside the uptime, as long as no later sync proves as much; and
# by how many seconds it had jumped ahead since the one before.
VERSION_8 = """
CREATE TABLE clock (
    at TEXT PRIMARY KEY,
    boot TEXT NOT NULL,
    uptime REAL NOT NULL,
    jumped REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO clock SELECT DISTINCT reached, '', 0, 0 FROM mailbox WHERE reached IS NOT NULL;
"""

# What holds a line that failed, and must not be tried again at once. reason: what the server did.
# attempts: how often it failed so; rounds: listings to sit out before the next one.
VERSION_9 = """
ALTER TABLE hold ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hold ADD COLUMN rounds INTEGER NOT NULL DEFAULT 0;
"""

# What could not be reached: since when, why, at how many tries in a row, and before when --every
# does not try it. By configured name, as what never was reached is no mailbox yet.
VERSION_10 = """
CREATE TABLE away (
    name TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    error TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next TEXT NOT NULL
) WITHOUT ROWID;
"""

# What waits for a person, as the last sync saw it: lines that are held, that a guard stopped, or in
# directions that were not asked for; and log-ins that were refused.
VERSION_11 = """
ALTER TABLE away ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
CREATE TABLE wait (
    state TEXT NOT NULL CHECK (state IN ('held', 'blocked', 'left', 'refused')),
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    count INTEGER NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (state, account, kind, rule)
) WITHOUT ROWID;
"""

# What a person has marked for deletion. scope: in this mailbox only; '': everywhere. A message that
# has no row yet is known by the place of one of its copies, until a run records it.
VERSION_12 = """
CREATE TABLE marked (
    message INTEGER UNIQUE REFERENCES message ON DELETE CASCADE,
    mailbox TEXT,
    folder TEXT,
    validity INTEGER,
    uid,
    scope TEXT NOT NULL,
    since TEXT NOT NULL,
    UNIQUE (mailbox, folder, validity, uid)
);
DROP INDEX action_at;
CREATE INDEX action_at ON action (at) WHERE kind IN ('forward-delete', 'reverse-delete', 'delete');
"""

_NAMED = "INSERT INTO meta VALUES ('id', '{id}'), ('serial', '0');"

MIGRATIONS = (
    VERSION_1,
    VERSION_2,
    VERSION_3,
    VERSION_4,
    VERSION_5,
    VERSION_6,
    VERSION_7,
    VERSION_8,
    VERSION_9,
    VERSION_10,
    VERSION_11,
    VERSION_12,
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a ledger to the newest version; a new one gets its id.

    Raises:
        ValueError: the ledger was written by a newer version of the program.
        sqlite3.DatabaseError: it is no ledger, or it is damaged.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise ValueError("it was written by a newer version of mailsync-tui")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        # With its first table: one that got no id, as the disk was full then, would never get one.
        named = _NAMED.format(id=uuid4().hex) if number == 1 else ""
        db.executescript(f"BEGIN IMMEDIATE;{script}{named}PRAGMA user_version = {number};COMMIT;")


def stamp(moment: datetime) -> str:
    """A moment as the ledger keeps it: ISO 8601, UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """The moment a stamp stands for."""
    return datetime.fromisoformat(text) if text else None
