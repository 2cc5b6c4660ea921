-- SPDX-License-Identifier: Apache-2.0
-- The sealing keys that endpoints are told of: two while one follows another.

ALTER TABLE place ADD COLUMN keys TEXT NOT NULL DEFAULT '';  -- public halves in hexadecimal, the newest first, separated by commas; '': the one that signs
