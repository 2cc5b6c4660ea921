-- SPDX-License-Identifier: Apache-2.0
-- How the last upgrade of an endpoint's program ended, as its report tells; and which roll-outs are about the program.

ALTER TABLE endpoint ADD COLUMN upgrade_end TEXT NOT NULL DEFAULT '';    -- done, back, refused, stuck; '': none was told of
ALTER TABLE endpoint ADD COLUMN upgrade_to TEXT NOT NULL DEFAULT '';     -- the version that it was about
ALTER TABLE endpoint ADD COLUMN upgrade_detail TEXT NOT NULL DEFAULT ''; -- why
ALTER TABLE endpoint ADD COLUMN upgraded_at INTEGER NOT NULL DEFAULT 0;  -- wall ms, when it was reported
ALTER TABLE rollout ADD COLUMN program TEXT NOT NULL DEFAULT '';         -- the version of the program that it is about; '': it is about patterns
