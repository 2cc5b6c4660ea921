-- SPDX-License-Identifier: Apache-2.0
-- Which key a certificate was issued for, so that none is issued again for a key that was given up; and since when the
-- sealing keys and the authorities are those that are announced, whatever else is announced meanwhile.

ALTER TABLE certificate ADD COLUMN key TEXT NOT NULL DEFAULT '';              -- SHA-256 of the public key, hexadecimal; '': not known
ALTER TABLE place ADD COLUMN keys_since INTEGER NOT NULL DEFAULT 0;           -- 0: not known
ALTER TABLE place ADD COLUMN authorities_since INTEGER NOT NULL DEFAULT 0;    -- 0: not known
UPDATE place SET keys_since = changed_at, authorities_since = changed_at;
