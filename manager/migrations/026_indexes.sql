-- SPDX-License-Identifier: Apache-2.0
-- What is pruned every hour, and looked up at each revocation, without reading the whole table.

CREATE INDEX history_at ON history (at);
CREATE INDEX certificate_name ON certificate (name);
