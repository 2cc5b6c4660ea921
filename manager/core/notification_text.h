/* SPDX-License-Identifier: Apache-2.0 */
/* Gathered notes as a message: words, JSON, a mail (RFC 5322), records of syslog (RFC 5424), and a signature.
 *
 * A note's names and details may come from endpoints, so nothing of them reaches a header or the structure of a record
 * unescaped.  Pure; texts are UTF-8; what is returned is the caller's. */
#ifndef MANAGER_CORE_NOTIFICATION_TEXT_H
#define MANAGER_CORE_NOTIFICATION_TEXT_H

#include "manager/core/note.h"
#include "manager/core/sentence.h"

/* What a message says beside its notes; borrowed. */
typedef struct {
    const char *id;     /* the same each time that this message is tried: receivers tell doubles by it */
    const char *rule;   /* its name */
    const char *server; /* host name; of an identifier's characters */
    HlTime offline_after, outdated_after;
    MgrSentenceLanguage language; /* NULL: English */
    /* Of a name's detail, which is kept in English: its words in that language; the caller's.  NULL: as it is kept. */
    char *(*word_detail)(const char *english, MgrSentenceLanguage language);
} MgrMessage;

/* One line: the first sentence, and how many more there are. */
char *mgr_message_subject(const MgrMessage *message, const json_t *notes);

/* Lines that end with \n. */
char *mgr_message_text(const MgrMessage *message, const json_t *notes);

/* What a webhook gets; to be decref'd. */
json_t *mgr_message_json(const MgrMessage *message, const json_t *notes);

typedef enum {
    MGR_SYSLOG_NETWORK, /* RFC 5424 */
    MGR_SYSLOG_LOCAL,   /* "<PRI>holdline: ...", as syslog(3) writes to /dev/log: the journal reads no other header */
} MgrSyslogForm;

/* A record for each line of the notes, none longer than max bytes; ends with NULL.  at: wall. */
char **mgr_message_syslog(const MgrMessage *message, const json_t *notes, HlTime at, gsize max, MgrSyslogForm form);

typedef struct {
    const char *from;        /* addresses that mgr_mail_address_is_valid took */
    const char *const *to;   /* ends with NULL */
    const char *subject;     /* any text */
    const char *text;        /* any text */
    const char *id, *server; /* become the Message-ID */
    HlTime date;             /* wall */
} MgrMail;

/* Lines end with CRLF. */
char *mgr_mail_print(const MgrMail *mail);

/* "sha256=" and the HMAC-SHA-256 of "timestamp.body" in lower-case hexadecimal, as X-Holdline-Signature has it. */
char *mgr_webhook_sign(const char *secret, const char *timestamp, const char *body);

#endif
