-- SPDX-License-Identifier: Apache-2.0
-- Roll-outs: commands that go to a few endpoints first.  What a member has done is what its command says (target).

CREATE TABLE rollout (
    id          TEXT PRIMARY KEY,
    selector    TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    rings       TEXT NOT NULL,     -- percentages, separated by commas
    rate        INTEGER NOT NULL,  -- members a minute; 0: no limit
    min_success INTEGER NOT NULL,  -- percent
    min_sample  INTEGER NOT NULL,
    soak_ms     INTEGER NOT NULL,
    silence_ms  INTEGER NOT NULL,
    members     INTEGER NOT NULL,
    state       TEXT NOT NULL,     -- running, soaking, paused, halted, aborted, done
    halt        TEXT NOT NULL DEFAULT '',
    ring        INTEGER NOT NULL DEFAULT 0,
    forgiven    INTEGER NOT NULL DEFAULT 0,
    versions    TEXT NOT NULL DEFAULT '', -- of the repository, at the latest turn
    started_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE rollout_member (
    rollout  TEXT NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    endpoint TEXT NOT NULL, -- id; outlives the endpoint
    command  TEXT,          -- NULL: its turn has not come; of the latest, where it had several
    outcome  TEXT,          -- silent or failed, where that is the manager's own judgement; NULL: what the command says
    PRIMARY KEY (rollout, position)
) STRICT, WITHOUT ROWID;
