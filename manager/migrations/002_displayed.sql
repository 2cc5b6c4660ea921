-- SPDX-License-Identifier: Apache-2.0
-- What the classic console would show of each endpoint, and what the last dial found.

CREATE TABLE display (
    endpoint    INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    shown       TEXT NOT NULL,
    cause       INTEGER NOT NULL, -- number of the event; informative, unknown ones are dropped
    since       INTEGER NOT NULL,
    contact     INTEGER NOT NULL,
    registered  INTEGER NOT NULL,
    up          INTEGER NOT NULL,
    in_range    INTEGER NOT NULL,
    independent INTEGER NOT NULL,
    dialling    INTEGER NOT NULL,
    inactive    INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    reach       TEXT NOT NULL,
    dialled_at  INTEGER NOT NULL
) STRICT;

-- Who saw the observed address: https (the front, at enrolment) or broker (its log).
ALTER TABLE endpoint ADD COLUMN observed_by TEXT NOT NULL DEFAULT 'https';

INSERT INTO counter VALUES
    ('alive', 0),    -- when a manager last wrote here
    ('verified', 0); -- when the last connection verification began

-- Of the last update notification: where its patterns came from (empty: nowhere), and what failed (empty: it succeeded).
ALTER TABLE endpoint ADD COLUMN update_source TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoint ADD COLUMN update_error TEXT NOT NULL DEFAULT '';
