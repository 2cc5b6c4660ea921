-- SPDX-License-Identifier: Apache-2.0
-- While one authority follows another: which certificates of people and consoles have arrived, and what they replace.
-- And how endpoints came back after their certificates had ended.

ALTER TABLE certificate ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;  -- when a call came with it last, by the day; 0: none is known
ALTER TABLE certificate ADD COLUMN replaces TEXT NOT NULL DEFAULT '';   -- serial of the one with which its holder asked for it; '': not known

CREATE TABLE late_renewal (
    endpoint INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    outcome  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    serial   TEXT NOT NULL -- of the certificate that it had from then on: with another one this is over
) STRICT;
