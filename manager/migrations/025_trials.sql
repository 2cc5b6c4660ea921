-- SPDX-License-Identifier: Apache-2.0
-- Roll-outs of a group's settings: what is on trial, beside what the group has.  A member has it while its turn has come
-- (rollout_member.command, a mark of the turn here), and the roll-out is neither done nor aborted.

ALTER TABLE rollout ADD COLUMN grp TEXT NOT NULL DEFAULT '';        -- whose settings it is about; '': it is about an update
ALTER TABLE rollout ADD COLUMN base INTEGER NOT NULL DEFAULT 0;     -- the version that the group had, and has until it is done
ALTER TABLE rollout ADD COLUMN version INTEGER NOT NULL DEFAULT 0;  -- of what is on trial
ALTER TABLE rollout ADD COLUMN counter INTEGER NOT NULL DEFAULT 0;  -- which orders it among all saves
ALTER TABLE rollout ADD COLUMN settings TEXT NOT NULL DEFAULT '';   -- key=value lines
ALTER TABLE grp ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;        -- the highest version that was on trial: none has it again
