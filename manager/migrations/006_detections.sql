-- SPDX-License-Identifier: Apache-2.0
-- What scans find, and how they ended.  Times are the server's clock.

CREATE TABLE detection (
    number     INTEGER PRIMARY KEY AUTOINCREMENT, -- what people call it by: never given twice
    endpoint   TEXT NOT NULL, -- id; outlives the endpoint
    host       TEXT NOT NULL, -- its name when it was last found
    find       TEXT NOT NULL, -- digest of path, sha256 and signature: the same one again counts on the row
    path       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT NOT NULL, -- '': it could not be read to its end
    owner      TEXT NOT NULL,
    signature  TEXT NOT NULL,
    component  TEXT NOT NULL,
    version    INTEGER NOT NULL,
    how        TEXT NOT NULL,
    action     TEXT NOT NULL,
    detail     TEXT NOT NULL,
    scan       TEXT NOT NULL,
    first_at   INTEGER NOT NULL, -- when it was found, by the endpoint's clock as far as that is believed
    last_at    INTEGER NOT NULL,
    told_at    INTEGER NOT NULL, -- when its last report came
    times      INTEGER NOT NULL DEFAULT 1,
    mark       INTEGER NOT NULL DEFAULT 0, -- of that report; 0: not known
    acknowledged_at  INTEGER NOT NULL DEFAULT 0, -- 0: open
    acknowledged_by  TEXT NOT NULL DEFAULT '',
    acknowledged_why TEXT NOT NULL DEFAULT '',
    UNIQUE (endpoint, find)
) STRICT;

CREATE INDEX detection_acknowledged ON detection (endpoint, acknowledged_at);
CREATE INDEX detection_told ON detection (told_at);

-- Per endpoint, what its rows come to; kept by the triggers below.
CREATE TABLE findings (
    endpoint INTEGER PRIMARY KEY REFERENCES endpoint (number) ON DELETE CASCADE,
    open     INTEGER NOT NULL DEFAULT 0, -- detections that are not acknowledged
    kept     INTEGER NOT NULL DEFAULT 0, -- detections
    left_out INTEGER NOT NULL DEFAULT 0  -- finds for which there was no room, since all were acknowledged
) STRICT;

CREATE TRIGGER detection_added AFTER INSERT ON detection BEGIN
    UPDATE findings SET kept = kept + 1, open = open + (NEW.acknowledged_at = 0)
        WHERE endpoint = (SELECT number FROM endpoint WHERE id = NEW.endpoint);
END;

CREATE TRIGGER detection_dropped AFTER DELETE ON detection BEGIN
    UPDATE findings SET kept = kept - 1, open = open - (OLD.acknowledged_at = 0)
        WHERE endpoint = (SELECT number FROM endpoint WHERE id = OLD.endpoint);
END;

CREATE TRIGGER detection_settled AFTER UPDATE OF acknowledged_at ON detection
    WHEN (OLD.acknowledged_at = 0) <> (NEW.acknowledged_at = 0) BEGIN
    UPDATE findings SET open = open - (OLD.acknowledged_at = 0) + (NEW.acknowledged_at = 0)
        WHERE endpoint = (SELECT number FROM endpoint WHERE id = NEW.endpoint);
END;

-- The last scan of each kind.
CREATE TABLE scan (
    endpoint      INTEGER NOT NULL REFERENCES endpoint (number) ON DELETE CASCADE,
    how           TEXT NOT NULL, -- manual, schedule, command, other
    id            TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    told_at       INTEGER NOT NULL, -- when its report came
    end           TEXT NOT NULL, -- completed, failed, stopped, other
    detail        TEXT NOT NULL,
    files         INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    found         INTEGER NOT NULL,
    not_looked_at INTEGER NOT NULL,
    gaps          TEXT NOT NULL, -- JSON: reason -> paths
    patterns      TEXT NOT NULL, -- name=version ...
    PRIMARY KEY (endpoint, how)
) STRICT, WITHOUT ROWID;
