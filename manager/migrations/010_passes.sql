-- SPDX-License-Identifier: Apache-2.0
-- How people without a certificate come in: passwords, and what a console or a script has instead of one.

CREATE TABLE secret (
    account    TEXT PRIMARY KEY,
    password   TEXT NOT NULL,           -- argon2id, with its salt and cost
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE pass (
    hash       TEXT PRIMARY KEY,        -- SHA-256 of the text, which is nowhere
    kind       TEXT NOT NULL,           -- session, token
    id         TEXT NOT NULL UNIQUE,    -- by which people name it
    account    TEXT NOT NULL,
    name       TEXT NOT NULL,           -- of a token: what it is for
    role       TEXT NOT NULL,           -- at most this one, and
    groups     TEXT NOT NULL,           -- at most these: names, separated by commas; '': all of the account's
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    address    TEXT NOT NULL            -- of the browser, as the console told it
) STRICT;

CREATE INDEX pass_account ON pass (account);
