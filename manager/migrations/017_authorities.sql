-- SPDX-License-Identifier: Apache-2.0
-- Which authority signed what, while one follows another.  By the beginning of its fingerprint; '': the site's first.

ALTER TABLE certificate ADD COLUMN authority TEXT NOT NULL DEFAULT '';
ALTER TABLE place ADD COLUMN authorities TEXT NOT NULL DEFAULT '';   -- that endpoints are told of, the one that issues first, separated by commas; '': the one of now
ALTER TABLE endpoint_place ADD COLUMN serial TEXT NOT NULL DEFAULT ''; -- of the certificate that the endpoint came with last
