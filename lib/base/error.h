/* SPDX-License-Identifier: Apache-2.0 */
/* Failures as GError.
 *
 * One domain with canonical codes, not one domain per module: a failure travels (endpoint -> wire -> manager -> CLI),
 * and each code must mean the same at every hop, on the wire (the name) and in a shell (the exit status).  The message
 * names the object and the remedy; each level prefixes what it was trying (hl_error_prefix).
 *
 * Expected outcomes are not errors: they are enums in their module's header. */
#ifndef LIB_BASE_ERROR_H
#define LIB_BASE_ERROR_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    HL_ERROR_FAILED,      /* anything that no other code fits */
    HL_ERROR_USAGE,       /* malformed command line */
    HL_ERROR_INVALID,     /* input that breaks a rule, naming the rule */
    HL_ERROR_NOT_FOUND,   /* the named object does not exist */
    HL_ERROR_EXISTS,      /* the named object already exists */
    HL_ERROR_DENIED,      /* a privilege or a permission is missing */
    HL_ERROR_CONFLICT,    /* somebody else changed it first (optimistic version) */
    HL_ERROR_UNAVAILABLE, /* the other side cannot be reached now; trying again may help */
    HL_ERROR_TIMEOUT,     /* the deadline passed; whether it happened is not known */
    HL_ERROR_EXPIRED,     /* a token, certificate, command or metadata file is past its end */
    HL_ERROR_UNTRUSTED,   /* a signature, hash or certificate is not valid */
    HL_ERROR_LIMIT,       /* a bound was reached: size, rate, count */
    HL_ERROR_FULL,        /* no space left on the device */
    HL_ERROR_IO,          /* the operating system reported an error */
    HL_ERROR_PARTIAL,     /* done for some, not for all; the message says how many */
    HL_ERROR_QUOTA,       /* there are as many of these as there may be: something has to go first */
    HL_ERROR_TOO_LARGE,   /* what was sent, or what was asked for, is more than fits: ask for less */
    HL_ERROR_N_CODES,
} HlErrorCode;

#define HL_ERROR (hl_error_quark())
GQuark hl_error_quark(void);

/* The stable name of a code ("not-found"), as used on the wire; never NULL. */
const char *hl_error_name(HlErrorCode code);

/* The code of a name; HL_ERROR_FAILED for a name unknown to this version. */
HlErrorCode hl_error_from_name(const char *name);

/* The code of an error; HL_ERROR_FAILED for errors of another domain. */
HlErrorCode hl_error_code(const GError *error);

/* The exit status of a program that ends with this error: 1 to 9; 2 means usage. */
int hl_error_exit_status(const GError *error);

/* The reverse, for one of our programs that has ended: the first code with that status; HL_ERROR_FAILED for any
 * other. */
HlErrorCode hl_error_from_exit_status(int status);

/* Sets *error and returns false, so that a failing function is one line: return hl_fail(error, CODE, "...", ...).  The
 * message becomes one printable line (hl_text_printable), whatever a stranger put into its words. */
bool hl_fail(GError **error, HlErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same, with ": " and the text of errno_value; ENOSPC and EDQUOT become HL_ERROR_FULL, with the remedy, ENOENT
 * HL_ERROR_NOT_FOUND, EACCES and EPERM HL_ERROR_DENIED, others HL_ERROR_IO. */
bool hl_fail_errno(GError **error, int errno_value, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* For a program that gave up root for another user: from now on hl_fail_errno says of EACCES who was denied, because
 * the person who started it is root, whom nothing is denied.  NULL: nobody.  Before there are threads. */
void hl_error_name_user(const char *user);

/* What an errno value means, in English whatever the user's language: for messages that scripts, logs and translations
 * by template begin with.  Static; never NULL. */
const char *hl_errno_text(int errno_value);

/* Puts "text: " before the message, keeps the code, returns false.  Where the error has a sentence, its argument
 * "prefix" becomes what stands before it. */
bool hl_error_prefix(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Says behind an error of this code, and of no other, what mends it where the error was met.  Returns false. */
bool hl_error_remedy(GError **error, HlErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Where a failure changes nothing for the caller, and a comment says why.  The functions that can fail carry
 * G_GNUC_WARN_UNUSED_RESULT, which gcc does not let a cast to void silence. */
#define HL_IGNORE(call) \
    do {                \
        if (!(call)) {  \
        }               \
    } while (0)

#endif
