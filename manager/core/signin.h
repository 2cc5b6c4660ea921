/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs in, how often, and for how long: the delays between tries, the life of a session, the rule for passwords.
 * Pure: no clock, no I/O. */
#ifndef MANAGER_CORE_SIGNIN_H
#define MANAGER_CORE_SIGNIN_H

#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"

#define MGR_SESSION_IDLE (30 * HL_MINUTE)
#define MGR_SESSION_LIFE (12 * HL_HOUR)

/* So long a session counts as its owner's, after the password was given again. */
#define MGR_PROOF_LIFE (5 * HL_MINUTE)

/* What was used so much later than now was used while the clock was ahead. */
#define MGR_CLOCK_SLACK (10 * HL_MINUTE)

#define MGR_PASSWORD_MIN 12   /* characters */
#define MGR_PASSWORD_MAX 1000 /* bytes */

/* Tries by key: an account's name, or an address.  Bounded: the key whose last try is the oldest is forgotten first. */
typedef struct MgrSignin MgrSignin;

MgrSignin *mgr_signin_new(void);
void mgr_signin_free(MgrSignin *signin);

/* How long until the key may try again; 0: now. */
HlTime mgr_signin_wait(const MgrSignin *signin, const char *key, HlTime mono);

/* A try, counted as failed before its outcome is known: many at once do not all get through.  The fifth one in a row
 * has to wait a second for the next, and each further one twice as long, at most 15 minutes; an hour without a try
 * forgets them. */
void mgr_signin_try(MgrSignin *signin, const char *key, HlTime mono);

/* A try for each of the keys (NULL at their end), or HL_ERROR_LIMIT and none, because one of them has to wait. */
bool mgr_signin_may(MgrSignin *signin, const char *const *keys, HlTime mono, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The try was right after all: an account starts over. */
void mgr_signin_good(MgrSignin *signin, const char *key);

/* The same for an address, and for a try that could not be looked at: this one does not count.  Those before do, or
 * somebody with an account of their own could guess at others' without end. */
void mgr_signin_take_back(MgrSignin *signin, const char *key);

/* What tries from an address count for: the address, of IPv6 the /64, which one customer has.  "" for what is no
 * address.  Caller frees. */
char *mgr_signin_place(const char *address);

/* Whether it may be the account's password. */
bool mgr_password_check(const char *password, const char *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
