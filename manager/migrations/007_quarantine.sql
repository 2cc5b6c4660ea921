-- SPDX-License-Identifier: Apache-2.0
-- What endpoints have in their quarantines, as they told last; and what a command is about.

ALTER TABLE command ADD COLUMN scope TEXT NOT NULL DEFAULT ''; -- proto/scope.h

CREATE TABLE quarantine (
    endpoint INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    files    INTEGER NOT NULL, -- all, also those that have no row below
    bytes    INTEGER NOT NULL,
    told_at  INTEGER NOT NULL -- when the report came; the server's clock
) STRICT;

CREATE TABLE quarantined (
    endpoint  INTEGER NOT NULL REFERENCES endpoint (number) ON DELETE CASCADE,
    id        TEXT NOT NULL, -- there
    path      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    signature TEXT NOT NULL,
    taken_at  INTEGER NOT NULL, -- by the endpoint's clock as far as that is believed
    PRIMARY KEY (endpoint, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX quarantined_taken ON quarantined (taken_at);
