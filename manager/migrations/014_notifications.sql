-- SPDX-License-Identifier: Apache-2.0
-- Who is told of what, what waits to be sent, and what was told already.  Times are the server's clock.

CREATE TABLE notification_rule (
    name       TEXT PRIMARY KEY,
    version    INTEGER NOT NULL, -- from 1
    options    TEXT NOT NULL,    -- key=value lines (manager/core/notification_rule.h)
    secret     TEXT NOT NULL,    -- of a webhook's signature; '': none
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE notification_message (
    number    INTEGER PRIMARY KEY AUTOINCREMENT, -- their order
    id        TEXT NOT NULL UNIQUE,              -- that receivers see: the same at each attempt
    rule      TEXT NOT NULL REFERENCES notification_rule (name) ON DELETE CASCADE,
    state     TEXT NOT NULL,    -- gathering, waiting, sent, given-up
    notes     TEXT NOT NULL,    -- JSON (manager/core/note.h)
    begun_at  INTEGER NOT NULL, -- its first note
    closed_at INTEGER NOT NULL, -- 0: it is still gathered
    attempts  INTEGER NOT NULL, -- that failed
    said      TEXT NOT NULL,    -- by the destination last, or why it could not be asked
    ended_at  INTEGER NOT NULL  -- 0: neither sent nor given up
) STRICT;

CREATE INDEX notification_message_rule ON notification_message (rule, ended_at);

-- Lasting states that a rule has told of: of an endpoint, or (endpoint 0) of the server by a key.
CREATE TABLE notification_known (
    rule     TEXT NOT NULL REFERENCES notification_rule (name) ON DELETE CASCADE,
    kind     TEXT NOT NULL,
    endpoint INTEGER NOT NULL,
    key      TEXT NOT NULL,
    PRIMARY KEY (rule, kind, endpoint, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX notification_known_endpoint ON notification_known (endpoint);

CREATE TRIGGER notification_endpoint_gone AFTER DELETE ON endpoint BEGIN
    DELETE FROM notification_known WHERE endpoint = OLD.number;
END;

-- The last rows of what happened that notes were made of: the next ones follow, also after a kill.
CREATE TABLE notification_seen (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    history   INTEGER NOT NULL,
    detection INTEGER NOT NULL,
    audit     INTEGER NOT NULL
) STRICT;
