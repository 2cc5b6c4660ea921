/* SPDX-License-Identifier: Apache-2.0 */
/* Who of the recipients of a mail has it, who will not get it, and who is still to get it: what the mail server said of
 * each, kept with the message from attempt to attempt.  Pure.
 *
 * An address is asked for again after "4.." (RFC 5321: later, as with greylisting), and not after "5..".  Until
 * somebody has the mail nothing is kept: a server that refuses all of them may be what is wrong, and then all are tried
 * again. */
#ifndef MANAGER_CORE_MAIL_REPLIES_H
#define MANAGER_CORE_MAIL_REPLIES_H

#include <stdbool.h>

#include "lib/base/json.h"

/* {address: reply}, as the registry has it; never NULL: of what is none of it, nobody has the mail.  Caller frees. */
json_t *mgr_mail_replies_parse(const char *text);

/* Whether somebody has it, so that it must not go to all again. */
bool mgr_mail_replies_has_some(const json_t *replies);

/* Those of all who are still to get it, in their order; ends with NULL; caller frees. */
GStrv mgr_mail_replies_left(const json_t *replies, const char *const *all);

/* After an attempt for these: said[i] of to[i] ("": was not asked).  false: nothing is to be learnt of it about single
 * recipients, because it failed as a whole. */
bool mgr_mail_replies_fold(json_t *replies, const char *const *to, const char *const *said, bool is_taken);

/* Whether the server answered for one of them at least: then it can be reached, and an attempt that failed all the
 * same says nothing about other mails. */
bool mgr_mail_replies_answered(const char *const *said);

/* For people: "gone@example.org: 550 nobody of that name; ...", who of all does not have it, or not yet; "": all have
 * it.  all: whom the rule names now; NULL: it sends no mail, and nobody misses one.  Caller frees. */
char *mgr_mail_replies_missed(const json_t *replies, const char *const *all);

/* The same, and then what the server said last; NULL: nothing.  Caller frees. */
char *mgr_mail_replies_said(const json_t *replies, const char *const *all, const char *answer);

#endif
