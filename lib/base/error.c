/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/error.h"

#include <errno.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/said.h"
#include "lib/base/text.h"

/* What an error has beside code and message. */
typedef struct {
    char *sentence;   /* NULL: nothing */
    char **arguments; /* name, value, ..., ends with NULL */
} HlErrorPrivate;

static void hl_error_private_init(HlErrorPrivate *said)
{
    *said = (HlErrorPrivate){ 0 };
}

static void hl_error_private_copy(const HlErrorPrivate *from, HlErrorPrivate *to)
{
    *to = (HlErrorPrivate){ g_strdup(from->sentence), g_strdupv(from->arguments) };
}

static void hl_error_private_clear(HlErrorPrivate *said)
{
    g_free(said->sentence);
    g_strfreev(said->arguments);
}

G_DEFINE_EXTENDED_ERROR(HlError, hl_error)

typedef struct {
    const char *name;
    int exit_status;
} CodeRow;

static const CodeRow codes[HL_ERROR_N_CODES] = {
    [HL_ERROR_FAILED] = { "failed", 1 },       [HL_ERROR_USAGE] = { "usage", 2 },
    [HL_ERROR_INVALID] = { "invalid", 3 },     [HL_ERROR_NOT_FOUND] = { "not-found", 4 },
    [HL_ERROR_EXISTS] = { "exists", 5 },       [HL_ERROR_DENIED] = { "denied", 6 },
    [HL_ERROR_CONFLICT] = { "conflict", 5 },   [HL_ERROR_UNAVAILABLE] = { "unavailable", 7 },
    [HL_ERROR_TIMEOUT] = { "timeout", 7 },     [HL_ERROR_EXPIRED] = { "expired", 8 },
    [HL_ERROR_UNTRUSTED] = { "untrusted", 8 }, [HL_ERROR_LIMIT] = { "limit", 3 },
    [HL_ERROR_FULL] = { "full", 1 },           [HL_ERROR_IO] = { "io", 1 },
    [HL_ERROR_PARTIAL] = { "partial", 9 },     [HL_ERROR_QUOTA] = { "quota", 3 },
    [HL_ERROR_TOO_LARGE] = { "too-large", 3 },
};

const char *hl_error_name(HlErrorCode code)
{
    return code < HL_ERROR_N_CODES ? codes[code].name : codes[HL_ERROR_FAILED].name;
}

HlErrorCode hl_error_from_name(const char *name)
{
    for (int i = 0; i < HL_ERROR_N_CODES; i++)
        if (g_strcmp0(name, codes[i].name) == 0)
            return (HlErrorCode)i;
    return HL_ERROR_FAILED;
}

HlErrorCode hl_error_code(const GError *error)
{
    if (error == NULL || error->domain != HL_ERROR || error->code < 0 || error->code >= HL_ERROR_N_CODES)
        return HL_ERROR_FAILED;
    return (HlErrorCode)error->code;
}

int hl_error_exit_status(const GError *error)
{
    return codes[hl_error_code(error)].exit_status;
}

HlErrorCode hl_error_from_exit_status(int status)
{
    for (int i = 0; i < HL_ERROR_N_CODES; i++)
        if (codes[i].exit_status == status)
            return (HlErrorCode)i;
    return HL_ERROR_FAILED;
}

static HlErrorCode code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return HL_ERROR_FULL;
    case ENOENT:
        return HL_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return HL_ERROR_DENIED;
    default:
        return HL_ERROR_IO;
    }
}

bool hl_fail(GError **error, HlErrorCode code, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *clean = NULL;
    va_list args;

    if (error == NULL)
        return false;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    clean = hl_text_printable(text); /* it may quote what a stranger sent */
    *error = g_error_new_literal(HL_ERROR, (int)code, clean);
    return false;
}

const char *hl_errno_text(int errno_value)
{
    const char *text = strerrordesc_np(errno_value);

    return text != NULL ? text : "unknown error";
}

/* Set once, before there are threads. */
static char *denied_user;

void hl_error_name_user(const char *user)
{
    g_free(denied_user);
    denied_user = g_strdup(user);
}

bool hl_fail_errno(GError **error, int errno_value, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (errno_value == EACCES && denied_user != NULL)
        return hl_fail(error, HL_ERROR_DENIED,
                       _("%s: %s for the user %s, as whom this goes on: choose a place that this user can get at"),
                       text, hl_tr(hl_errno_text(errno_value)), denied_user);
    if (code_of_errno(errno_value) == HL_ERROR_FULL)
        return hl_fail(error, HL_ERROR_FULL, _("%s: %s: make room on that file system"), text,
                       hl_tr(hl_errno_text(errno_value)));
    if (errno_value == EROFS)
        return hl_fail(error, code_of_errno(errno_value),
                       _("%s: %s: if it is not meant to be, look for errors of that disk with dmesg, then mount it for "
                         "writing again"),
                       text, hl_tr(hl_errno_text(errno_value)));
    return hl_fail(error, code_of_errno(errno_value), "%s: %s", text, hl_tr(hl_errno_text(errno_value)));
}

/* For who words the sentence, and not the message. */
static void say_prefix(GError **error, const char *text)
{
    const char *before = hl_error_argument(*error, "prefix");
    g_autofree char *all = g_strconcat(text, before != NULL ? ": " : "", before, NULL);
    g_autofree char *sentence = g_strdup(hl_error_sentence(*error));
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);

    if (sentence == NULL)
        return;
    for (const char *const *at = hl_error_arguments(*error); at[0] != NULL; at += 2)
        if (strcmp(at[0], "prefix") != 0) {
            g_ptr_array_add(arguments, g_strdup(at[0]));
            g_ptr_array_add(arguments, g_strdup(at[1]));
        }
    g_ptr_array_add(arguments, g_strdup("prefix"));
    g_ptr_array_add(arguments, g_steal_pointer(&all));
    g_ptr_array_add(arguments, NULL);
    hl_error_say(error, sentence, (const char *const *)arguments->pdata);
}

bool hl_error_prefix(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *clean = NULL;
    va_list args;

    if (error == NULL || *error == NULL)
        return false;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    clean = hl_text_printable(text);
    g_prefix_error(error, "%s: ", clean);
    say_prefix(error, clean);
    return false;
}

bool hl_error_remedy(GError **error, HlErrorCode code, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *clean = NULL;
    char *before;
    va_list args;

    if (error == NULL || *error == NULL || hl_error_code(*error) != code)
        return false;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    clean = hl_text_printable(text);
    before = (*error)->message;
    (*error)->message = g_strdup_printf("%s: %s", before, clean);
    g_free(before);
    return false;
}

void hl_error_say(GError **error, const char *sentence, const char *const *arguments)
{
    GPtrArray *copied;
    HlErrorPrivate *said;

    if (error == NULL || *error == NULL || (*error)->domain != HL_ERROR)
        return;
    copied = g_ptr_array_new();
    for (; *arguments != NULL; arguments++)
        g_ptr_array_add(copied, hl_text_printable(*arguments));
    g_ptr_array_add(copied, NULL);
    said = hl_error_get_private(*error);
    hl_error_private_clear(said);
    *said = (HlErrorPrivate){ g_strdup(sentence), (char **)g_ptr_array_free(copied, FALSE) };
}

static const HlErrorPrivate *said_of(const GError *error)
{
    static const HlErrorPrivate nothing;

    return error != NULL && error->domain == HL_ERROR ? hl_error_get_private(error) : &nothing;
}

const char *hl_error_sentence(const GError *error)
{
    return said_of(error)->sentence;
}

const char *const *hl_error_arguments(const GError *error)
{
    static const char *const none[] = { NULL };

    return said_of(error)->arguments != NULL ? (const char *const *)said_of(error)->arguments : none;
}
