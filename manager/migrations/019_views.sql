-- SPDX-License-Identifier: Apache-2.0
-- What people look at again: filters of the console, by name.

CREATE TABLE view (
    account    TEXT NOT NULL,
    name       TEXT NOT NULL,
    filter     TEXT NOT NULL,
    sort       TEXT NOT NULL,    -- a column, '-' before it: descending; '': as the list comes
    fields     TEXT NOT NULL,    -- columns, separated by commas; '': those that are shown anyway
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
