-- SPDX-License-Identifier: Apache-2.0
-- One word for the number that orders saves and moves of settings, as on the wire; and what in_range meant.

UPDATE counter SET name = 'settings' WHERE name = 'revision';
ALTER TABLE grp RENAME COLUMN revision TO counter;
ALTER TABLE endpoint RENAME COLUMN moved_revision TO moved_counter;
ALTER TABLE display RENAME COLUMN in_range TO in_unreachable_net;
