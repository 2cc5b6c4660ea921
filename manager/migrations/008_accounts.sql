-- SPDX-License-Identifier: Apache-2.0
-- Who may call what.  A certificate of the kind admin belongs to the account of its name.

CREATE TABLE account (
    name        TEXT PRIMARY KEY,
    role        TEXT NOT NULL,              -- auditor, operator, administrator, owner
    groups      TEXT NOT NULL DEFAULT '',   -- names that it is limited to, separated by commas; '': all
    disabled_at INTEGER NOT NULL DEFAULT 0, -- 0: it is enabled
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    note        TEXT NOT NULL DEFAULT ''
) STRICT;

-- Those who could do everything until now still can.
INSERT INTO account (name, role, created_at, created_by)
    SELECT name, 'owner', min(issued_at), 'upgrade' FROM certificate
    WHERE kind = 'admin' AND revoked_at = 0 GROUP BY name;
