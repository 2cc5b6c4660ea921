-- SPDX-License-Identifier: Apache-2.0
-- Which commands keep to the maintenance windows of groups: those of roll-outs.

ALTER TABLE command ADD COLUMN in_window INTEGER NOT NULL DEFAULT 0; -- 1: it does
