-- SPDX-License-Identifier: Apache-2.0
-- What was done under an Idempotency-Key, for a day: sent again it is answered the same, and not done twice.

CREATE TABLE once (
    account TEXT NOT NULL,
    key     TEXT NOT NULL,               -- SHA-256 of it, in hexadecimal
    digest  TEXT NOT NULL,               -- SHA-256 of the call and its arguments, but for secrets
    at      INTEGER NOT NULL,
    code    TEXT NOT NULL DEFAULT '',    -- an error's name: it was done, and then something failed
    message TEXT NOT NULL DEFAULT '',    -- of the error
    answer  TEXT,                        -- JSON; NULL: it is not known (any more), or was not to be kept
    PRIMARY KEY (account, key)
) STRICT;

CREATE INDEX once_at ON once (at);
