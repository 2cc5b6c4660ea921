-- SPDX-License-Identifier: Apache-2.0
-- Where endpoints are told that the server is, and what each of them has done about it.

CREATE TABLE place (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    counter    INTEGER NOT NULL,  -- of ServerDocument; no row: nothing was announced, manager.conf holds
    brokers    TEXT NOT NULL,     -- host:port, separated by commas
    servers    TEXT NOT NULL,     -- URLs, separated by commas
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE endpoint_place (
    endpoint INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    counter  INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    state    TEXT NOT NULL,       -- applied, trial, went-back
    detail   TEXT NOT NULL,
    told_at  INTEGER NOT NULL
) STRICT;
