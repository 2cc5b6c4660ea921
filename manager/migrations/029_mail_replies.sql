-- SPDX-License-Identifier: Apache-2.0
-- Who has a mail already: it is not sent again to all for one who was put off, nor is that one forgotten.

ALTER TABLE notification_message ADD COLUMN replies TEXT NOT NULL DEFAULT '{}'; -- JSON (manager/core/mail_replies.h)
