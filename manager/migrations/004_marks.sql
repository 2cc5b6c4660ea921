-- SPDX-License-Identifier: Apache-2.0
-- What tells a report from another one under the same number (a machine that was set back to a snapshot).
ALTER TABLE endpoint ADD COLUMN report_mark INTEGER NOT NULL DEFAULT 0; -- of the report report_seq; 0: not known
ALTER TABLE history ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;         -- of the report that this row tells of; 0: of none

CREATE UNIQUE INDEX history_mark ON history (endpoint, mark) WHERE mark <> 0;
