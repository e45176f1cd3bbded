-- A ledger as revision 2e6d5d3 of this program left it: see test_stored.py.
BEGIN TRANSACTION;
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
, sent TEXT);
INSERT INTO "action" VALUES(1,1,'30a1d5fd73127744','collect','isp',1,'<m3@example.org>','message 3','consolidated','INBOX',1,2,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(2,1,'29daf8c83716880c','collect','isp',2,'<m4@example.org>','message 4','consolidated','INBOX',1,3,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(3,1,'4d50da34c90ef8ab','collect','isp',3,'<m5@example.org>','message 5','consolidated','INBOX',1,4,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(4,1,'4088f59461b8ab7a','collect','work',4,'<m1@example.org>','message 1','consolidated','INBOX',1,5,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(5,1,'eb7417f2803b1352','collect','work',5,'<m2@example.org>','message 2','consolidated','INBOX',1,6,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(6,1,'04c6fc45df41fa1b','collect','work',6,'<m6@example.org>','message 6','consolidated','INBOX',1,7,NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(7,1,'a8c6fe877bb256c8','adopt','work',NULL,'<m3@example.org>','message 3','consolidated','INBOX',0,'',NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(8,1,'ecc30221feb8ae84','adopt','work',NULL,'<m4@example.org>','message 4','consolidated','INBOX',0,'',NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(9,1,'e31b0b2ba0dc6d4e','adopt','work',NULL,'<m5@example.org>','message 5','consolidated','INBOX',0,'',NULL,'2026-01-05T10:00:00.000000+00:00','done','',NULL);
INSERT INTO "action" VALUES(10,2,'3bc2fee5b139c2b7','forward-delete','work',4,'<m1@example.org>','message 1','consolidated','INBOX',1,5,'a6a66bea862dc06b09f207053e8d9a1a0af683ea46681a2de372404454268849','2026-01-05T10:15:00.000000+00:00','done','',NULL);
CREATE TABLE block (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (account, kind, rule)
) WITHOUT ROWID;
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
    ended_at TEXT, listed_scan INTEGER NOT NULL DEFAULT 0, adopted_scan INTEGER NOT NULL DEFAULT 0, surplus INTEGER NOT NULL DEFAULT 0,
    UNIQUE (mailbox, folder, validity, uid)
);
INSERT INTO "copy" VALUES(1,1,'INBOX',0,'u00000001',1,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(2,2,'INBOX',1,1,4,'ended',1,149,1,0,1,3,1,'2026-01-05T10:15:00.000000+00:00','2026-01-05T10:00:00.000000+00:00','2026-01-05T10:15:00.000000+00:00',1,1,0);
INSERT INTO "copy" VALUES(3,4,'INBOX',1,1,7,'live',0,167,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,0,0);
INSERT INTO "copy" VALUES(4,1,'INBOX',0,'u00000002',2,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(5,2,'INBOX',1,2,5,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(6,2,'INBOX',1,3,1,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(7,1,'INBOX',0,'u00000003',3,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(8,2,'INBOX',1,4,2,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(9,2,'INBOX',1,5,3,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(10,2,'INBOX',1,6,6,'live',1,149,1,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,1,1,0);
INSERT INTO "copy" VALUES(11,4,'INBOX',1,2,1,'live',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,2,1,0);
INSERT INTO "copy" VALUES(12,4,'INBOX',1,3,2,'live',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,2,1,0);
INSERT INTO "copy" VALUES(13,4,'INBOX',1,4,3,'live',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,2,1,0);
INSERT INTO "copy" VALUES(14,4,'INBOX',1,5,4,'ended',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00','2026-01-05T10:15:00.000000+00:00',2,0,0);
INSERT INTO "copy" VALUES(15,4,'INBOX',1,6,5,'live',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,2,0,0);
INSERT INTO "copy" VALUES(16,4,'INBOX',1,7,6,'live',1,149,0,0,0,0,0,NULL,'2026-01-05T10:00:00.000000+00:00',NULL,2,0,0);
CREATE TABLE folder (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    name TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uidnext INTEGER,
    modseq INTEGER,
    PRIMARY KEY (mailbox, name)
) WITHOUT ROWID;
INSERT INTO "folder" VALUES(1,'INBOX',0,NULL,NULL);
INSERT INTO "folder" VALUES(2,'Archive',1,1,1);
INSERT INTO "folder" VALUES(2,'Drafts',1,1,1);
INSERT INTO "folder" VALUES(2,'INBOX',1,7,8);
INSERT INTO "folder" VALUES(2,'Junk',1,1,1);
INSERT INTO "folder" VALUES(2,'Sent',1,1,1);
INSERT INTO "folder" VALUES(2,'Trash',1,1,1);
INSERT INTO "folder" VALUES(3,'Archive',1,1,1);
INSERT INTO "folder" VALUES(3,'Drafts',1,1,1);
INSERT INTO "folder" VALUES(3,'INBOX',1,1,1);
INSERT INTO "folder" VALUES(3,'Junk',1,1,1);
INSERT INTO "folder" VALUES(3,'Sent',1,1,1);
INSERT INTO "folder" VALUES(3,'Trash',1,1,1);
INSERT INTO "folder" VALUES(4,'Archive',1,1,1);
INSERT INTO "folder" VALUES(4,'Drafts',1,1,1);
INSERT INTO "folder" VALUES(4,'INBOX',1,8,8);
INSERT INTO "folder" VALUES(4,'Junk',1,1,1);
INSERT INTO "folder" VALUES(4,'Sent',1,1,1);
INSERT INTO "folder" VALUES(4,'Trash',1,1,1);
CREATE TABLE hold (
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    rule TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (message, kind, account, rule)
) WITHOUT ROWID;
CREATE TABLE identity (
    key BLOB NOT NULL,
    digest TEXT NOT NULL,            -- '' while it was not read
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    PRIMARY KEY (key, digest, message)
) WITHOUT ROWID;
INSERT INTO "identity" VALUES(X'61DA8E79C3E09CE4D64FD8A0E3373670','',1);
INSERT INTO "identity" VALUES(X'61DA8E79C3E09CE4D64FD8A0E3373670','922984229ea4d51e46869a37f08970343d7619c728ef251e7dad88b23cef0348',1);
INSERT INTO "identity" VALUES(X'F6AA4FED014F09148DF6C89354648DC3','',2);
INSERT INTO "identity" VALUES(X'F6AA4FED014F09148DF6C89354648DC3','fdf01f83834461bfc1a39cb324174d1a1f67474d1cd34ed82b5ae341ae56898e',2);
INSERT INTO "identity" VALUES(X'9CDBBA292F468E60E0F871585FE55E44','',3);
INSERT INTO "identity" VALUES(X'9CDBBA292F468E60E0F871585FE55E44','a09b2be7ee2d9ad32406ea9267908293cfc9599b898dd96c46a1fac076f68aef',3);
INSERT INTO "identity" VALUES(X'33EEF5D48E71CAD0EE4787A2A556D456','',4);
INSERT INTO "identity" VALUES(X'33EEF5D48E71CAD0EE4787A2A556D456','5539b3c3d21871706f6070cd490a1a5ea55602b7811bd8843c9b8609d2732d7a',4);
INSERT INTO "identity" VALUES(X'72EB8D31885B0D2AF15502ACF85F01A3','',5);
INSERT INTO "identity" VALUES(X'72EB8D31885B0D2AF15502ACF85F01A3','f86ffcb446a0bf559e30ff5a1b8baae629a693c4afce12ca01f25dfa256ab132',5);
INSERT INTO "identity" VALUES(X'5DB07CE4946CA86FB031429BEAC1B8E9','',6);
INSERT INTO "identity" VALUES(X'5DB07CE4946CA86FB031429BEAC1B8E9','e96e4ff723d7f10109d5e5210b73504a171f1c899b4fcc91c52f8a75ad511e3e',6);
INSERT INTO "identity" VALUES(X'B3799DEAFBDD89CA923F2BE7FA1B90D2','',7);
CREATE TABLE listing (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    scan INTEGER NOT NULL,
    at TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (mailbox, scan)
) WITHOUT ROWID;
INSERT INTO "listing" VALUES(1,1,'2026-01-05T10:00:00.000000+00:00',3);
INSERT INTO "listing" VALUES(1,3,'2026-01-05T10:15:00.000000+00:00',3);
INSERT INTO "listing" VALUES(2,1,'2026-01-05T10:00:00.000000+00:00',6);
INSERT INTO "listing" VALUES(2,3,'2026-01-05T10:15:00.000000+00:00',5);
INSERT INTO "listing" VALUES(3,1,'2026-01-05T10:00:00.000000+00:00',0);
INSERT INTO "listing" VALUES(3,3,'2026-01-05T10:15:00.000000+00:00',0);
INSERT INTO "listing" VALUES(4,1,'2026-01-05T10:00:00.000000+00:00',1);
INSERT INTO "listing" VALUES(4,3,'2026-01-05T10:15:00.000000+00:00',7);
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    scan INTEGER NOT NULL DEFAULT 0
, seen_scan INTEGER NOT NULL DEFAULT 0);
INSERT INTO "mailbox" VALUES(1,'isp','pop3:ann@isp.example',3,1);
INSERT INTO "mailbox" VALUES(2,'work','imap:ann@work.example',3,1);
INSERT INTO "mailbox" VALUES(3,'old','imap:ann@old.example',3,1);
INSERT INTO "mailbox" VALUES(4,'consolidated','imap:ann@home.example',3,1);
CREATE TABLE mark (
    mailbox TEXT NOT NULL,
    folder TEXT NOT NULL,
    validity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, folder, validity, uid)
) WITHOUT ROWID;
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
INSERT INTO "message" VALUES(1,1,0,'<m3@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 3','message 3','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(2,1,0,'<m4@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 4','message 4','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(3,1,0,'<m5@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 5','message 5','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(4,1,1,'<m1@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 1','message 1','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(5,1,0,'<m2@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 2','message 2','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(6,1,0,'<m6@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message 6','message 6','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',149,0,'2026-01-05T10:00:00.000000+00:00');
INSERT INTO "message" VALUES(7,0,0,'<mballast@example.org>','ann@example.org','Mon, 05 Jan 2026 09:00:00 +0000','message ballast','message ballast','Ann <ann@example.org>','2026-01-05T09:00:00.000000+00:00',167,0,'2026-01-05T10:00:00.000000+00:00');
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('id','9cf07884441c4b31827e6870a6fdfbe4');
INSERT INTO "meta" VALUES('rules','[''any'', (''isp'', (''collect'', ''forward'', ''reverse''), (''INBOX'',), ''keep'', None, None, ''''), (''work'', (''collect'', ''forward'', ''reverse''), (''INBOX'',), ''keep'', None, None, ''''), (''old'', (''collect'', ''forward'', ''reverse''), (''INBOX'',), ''keep'', None, None, ''''), (''consolidated'', (''collect'', ''forward'', ''reverse''), (''INBOX'',), ''keep'', None, None, '''')]');
INSERT INTO "meta" VALUES('serial','4');
CREATE TABLE put_back (
    action INTEGER PRIMARY KEY REFERENCES action ON DELETE CASCADE,
    deletion INTEGER NOT NULL REFERENCES action ON DELETE CASCADE
);
CREATE TABLE removed (
    action INTEGER PRIMARY KEY REFERENCES action ON DELETE CASCADE,
    flags TEXT NOT NULL,             -- separated by blanks
    received TEXT
);
INSERT INTO "removed" VALUES(10,'','2026-11-24T19:59:34.259719+00:00');
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    directions TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    exit INTEGER
);
INSERT INTO "run" VALUES(1,'sync','collect,forward,reverse','2026-01-05T10:00:00.000000+00:00','2026-01-05T10:00:00.000000+00:00',0);
INSERT INTO "run" VALUES(2,'sync','collect,forward,reverse','2026-01-05T10:15:00.000000+00:00','2026-01-05T10:15:00.000000+00:00',0);
CREATE INDEX message_open ON message (open) WHERE open;
CREATE INDEX identity_message ON identity (message);
CREATE INDEX copy_message ON copy (message);
CREATE INDEX action_run ON action (run);
CREATE INDEX action_open ON action (mailbox) WHERE outcome IS NULL;
CREATE INDEX action_at ON action (at) WHERE kind IN ('forward-delete', 'reverse-delete');
CREATE INDEX put_back_deletion ON put_back (deletion);
CREATE INDEX copy_missing ON copy (mailbox, missing_scan) WHERE missing_scan > 0;
CREATE INDEX action_unanswered ON action (message) WHERE sent IS NOT NULL;
CREATE INDEX message_date ON message (date);
COMMIT;
PRAGMA user_version = 5;
