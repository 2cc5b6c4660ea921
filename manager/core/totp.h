/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes by time (RFC 6238: HMAC-SHA-1, steps of 30 s, six digits, as authenticator apps have them).  Pure: no
 * clock, no I/O. */
#ifndef MANAGER_CORE_TOTP_H
#define MANAGER_CORE_TOTP_H

#include <stdint.h>

#include <glib.h>

#include "lib/base/clock.h"

#define MGR_TOTP_KEY    20 /* bytes */
#define MGR_TOTP_DIGITS 6

/* The code of a step (seconds since 1970, divided by 30), of 1 to 8 digits. */
uint32_t mgr_totp_at(const uint8_t *key, gsize size, int64_t step, unsigned digits);

/* The step that the code belongs to: the present one, the one before or the one after, for a clock that is a little
 * off.  0: the code is wrong, or belongs to no step after last, the one that was used last; NULL is wrong.  A last
 * step that is far from having come (MGR_CLOCK_SLACK) was used while the clock was ahead, and locks nobody out. */
int64_t mgr_totp_check(const uint8_t *key, gsize size, const char *code, HlTime wall, int64_t last);

/* The key as people type it: base32 without padding.  Caller frees. */
char *mgr_totp_text(const uint8_t *key, gsize size);

/* otpauth://totp/..., which an app takes as a picture or a link.  Caller frees. */
char *mgr_totp_uri(const uint8_t *key, gsize size, const char *account);

#endif
