-- SPDX-License-Identifier: Apache-2.0
-- The fingerprint that births tell is not the one that decides who enrols again; and a bundle may be made for one endpoint.
ALTER TABLE endpoint ADD COLUMN enrolled_as TEXT NOT NULL DEFAULT ''; -- fingerprint at its last enrolment
UPDATE endpoint SET enrolled_as = fingerprint;
ALTER TABLE token ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''; -- id; '': for whom it may concern
