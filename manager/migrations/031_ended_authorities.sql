-- SPDX-License-Identifier: Apache-2.0
-- When each authority ended that was announced once: what is known of the last change is not true of those before it.

ALTER TABLE place ADD COLUMN ended TEXT NOT NULL DEFAULT '{}'; -- JSON: id of the authority -> wall
