-- SPDX-License-Identifier: Apache-2.0
-- The registry: the only record.  Times are milliseconds since 1970, the server's clock.

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

INSERT INTO counter VALUES
    ('revision', 1), -- orders all saves and moves of settings (SettingsDocument.counter)
    ('epoch', 0),    -- starts of the manager
    ('crl', 0);      -- revocation lists made

CREATE TABLE grp (
    name       TEXT PRIMARY KEY,
    version    INTEGER NOT NULL, -- of its settings, from 1
    revision   INTEGER NOT NULL, -- when this version was saved
    settings   TEXT NOT NULL,    -- key=value lines
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE endpoint (
    number         INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    grp            TEXT NOT NULL REFERENCES grp (name),
    host           TEXT NOT NULL,
    fingerprint    TEXT NOT NULL,
    addresses      TEXT NOT NULL DEFAULT '', -- its own, comma-separated, the one that routes to the server first
    direct_port    INTEGER NOT NULL DEFAULT 0,
    os             TEXT NOT NULL DEFAULT '',
    program        TEXT NOT NULL DEFAULT '',
    observed       TEXT NOT NULL DEFAULT '', -- source address as the HTTPS front saw it at enrolment
    enrolled_at    INTEGER NOT NULL,
    moved_revision INTEGER NOT NULL,
    serial         TEXT NOT NULL, -- of its certificate
    cert_expires   INTEGER NOT NULL,
    revoked_at     INTEGER NOT NULL DEFAULT 0,
    applied_group   TEXT NOT NULL DEFAULT '',
    applied_version INTEGER NOT NULL DEFAULT 0,
    applied_counter INTEGER NOT NULL DEFAULT 0,
    applied_digest  BLOB,
    applied_path    TEXT NOT NULL DEFAULT '',
    applied_at      INTEGER NOT NULL DEFAULT 0,
    patterns       TEXT NOT NULL DEFAULT '',
    updated_at     INTEGER NOT NULL DEFAULT 0, -- last update notification
    update_result  TEXT NOT NULL DEFAULT '',
    spool          TEXT NOT NULL DEFAULT '',
    report_seq     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX endpoint_fingerprint ON endpoint (fingerprint);

-- Hot and narrow: flushed once a second for those that changed.
CREATE TABLE presence (
    endpoint       INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    session        INTEGER NOT NULL,
    born_session   INTEGER NOT NULL,
    boot           INTEGER NOT NULL,
    machine        INTEGER NOT NULL,
    previous_boot  INTEGER NOT NULL,
    other_machine  INTEGER NOT NULL,
    kept_machine   INTEGER NOT NULL,
    since          INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    heartbeat_ms   INTEGER NOT NULL,
    actual         TEXT NOT NULL,
    reason         TEXT NOT NULL,
    clone          INTEGER NOT NULL,
    ended          INTEGER NOT NULL,
    retired        INTEGER NOT NULL
) STRICT;

CREATE TABLE command (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    selector     TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    issued_at    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    window_ms    INTEGER NOT NULL,
    timeout_ms   INTEGER NOT NULL,
    cancelled_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE target (
    command    TEXT NOT NULL REFERENCES command (id) ON DELETE CASCADE,
    endpoint   TEXT NOT NULL, -- id; outlives the endpoint
    state      TEXT NOT NULL,
    code       TEXT NOT NULL DEFAULT '',
    detail     TEXT NOT NULL DEFAULT '',
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (command, endpoint)
) STRICT, WITHOUT ROWID;

CREATE INDEX target_endpoint ON target (endpoint);

CREATE TABLE token (
    id           TEXT PRIMARY KEY,
    digest       TEXT NOT NULL UNIQUE,
    grp          TEXT NOT NULL REFERENCES grp (name) ON DELETE CASCADE,
    uses_left    INTEGER NOT NULL CHECK (uses_left >= 0),
    expires_at   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    withdrawn_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE certificate (
    serial     TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE history (
    number   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    what     TEXT NOT NULL,
    detail   TEXT NOT NULL
) STRICT;

CREATE INDEX history_endpoint ON history (endpoint, number);
