-- SPDX-License-Identifier: Apache-2.0
-- Which roll-outs are about one component of the patterns.

ALTER TABLE rollout ADD COLUMN component TEXT NOT NULL DEFAULT ''; -- its name; '': about all, or about the program
