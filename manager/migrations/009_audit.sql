-- SPDX-License-Identifier: Apache-2.0
-- What was asked of the manager, by whom, and how it ended: changes and refusals.  Only added to; each row's hash covers
-- its fields and the hash before it (lib/store/chain.h).

CREATE TABLE audit (
    number      INTEGER PRIMARY KEY, -- from 1, without a gap
    at          INTEGER NOT NULL,
    account     TEXT NOT NULL,
    certificate TEXT NOT NULL, -- serials of that name that were in force
    call        TEXT NOT NULL, -- '': of several that were not kept one by one
    arguments   TEXT NOT NULL, -- name=value ..., without secrets, bounded
    code        TEXT NOT NULL, -- '': done; else the name of the error
    text        TEXT NOT NULL, -- of the error
    hash        BLOB NOT NULL
) STRICT;

CREATE INDEX audit_account ON audit (account);
