-- SPDX-License-Identifier: Apache-2.0
-- What the members of a roll-out had done when its state changed last: for lists, which read no members.

ALTER TABLE rollout ADD COLUMN counts TEXT NOT NULL DEFAULT ''; -- "succeeded=4 failed=1"; '': not known
