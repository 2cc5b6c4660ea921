/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers and identifiers. */
#ifndef LIB_BASE_IDENT_H
#define LIB_BASE_IDENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* From the kernel's generator; never fails (aborts if the kernel has none). */
void hl_random_bytes(void *buffer, gsize size);
uint64_t hl_random_u64(void);

/* The largest session number of a line that is believed: there must always be numbers above it. */
#define HL_SESSION_MAX ((uint64_t)INT64_MAX / 2)

/* prefix + 12 characters of Crockford's base 32, lower case (60 random bits): "e-7k3m9x2qv4tb".  Caller frees. */
char *hl_ident_new(const char *prefix);

/* 1 to 64 characters of [a-z0-9._-], the first a letter or digit: safe as MQTT topic level, client id, file name and
 * X.509 CN. */
bool hl_ident_is_valid(const char *ident);
#define HL_IDENT_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789._-"

/* Lower-case hexadecimal.  Caller frees. */
char *hl_hex(const void *bytes, gsize size);

/* NULL if text is not an even number of hexadecimal digits. */
GBytes *hl_unhex(const char *text);

#endif
