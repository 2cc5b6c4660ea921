-- SPDX-License-Identifier: Apache-2.0
-- Daily counts of endpoints.

CREATE TABLE trend (
    day             TEXT NOT NULL,    -- of the server's calendar: 2026-12-01
    grp             TEXT NOT NULL,    -- name; '': all groups together
    endpoints       INTEGER NOT NULL, -- as at the day's last look, like all but the next
    online          INTEGER NOT NULL, -- the most at once
    outdated        INTEGER NOT NULL,
    settings_behind INTEGER NOT NULL,
    infected        INTEGER NOT NULL,
    open_detections INTEGER NOT NULL,
    PRIMARY KEY (grp, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX trend_day ON trend (day);
