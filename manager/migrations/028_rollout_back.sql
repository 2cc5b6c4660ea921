-- SPDX-License-Identifier: Apache-2.0
-- What a roll-out brought to whom, and that it was taken back: those go back whom it brought something, and once.

ALTER TABLE rollout ADD COLUMN back_command TEXT NOT NULL DEFAULT ''; -- id, of the roll-back; '': none
ALTER TABLE rollout ADD COLUMN back_by TEXT NOT NULL DEFAULT '';
ALTER TABLE rollout ADD COLUMN back_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollout_member ADD COLUMN patterns TEXT; -- that it had before its first turn; NULL: not known
