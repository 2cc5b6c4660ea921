-- SPDX-License-Identifier: Apache-2.0
-- One-time codes beside passwords.

ALTER TABLE secret ADD COLUMN code TEXT NOT NULL DEFAULT '';           -- the key, in base64; '': none
ALTER TABLE secret ADD COLUMN code_step INTEGER NOT NULL DEFAULT 0;    -- that was used last: each counts once
