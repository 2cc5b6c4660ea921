-- SPDX-License-Identifier: Apache-2.0
-- What people call a group, and what its settings were.

ALTER TABLE grp ADD COLUMN display_name TEXT NOT NULL DEFAULT ''; -- '': its id

-- The last versions, also the one that holds.
CREATE TABLE grp_version (
    grp        TEXT NOT NULL REFERENCES grp (name) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    settings   TEXT NOT NULL,    -- key=value lines
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    restored   INTEGER NOT NULL, -- the version whose settings it took; 0: none
    PRIMARY KEY (grp, version)
) STRICT, WITHOUT ROWID;

INSERT INTO grp_version SELECT name, version, settings, changed_at, changed_by, 0 FROM grp;
