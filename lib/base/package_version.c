/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/package_version.h"

#include <string.h>

#include <glib.h>

#define LETTERS          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS           "0123456789"
#define MAX_EPOCH_DIGITS 9

/* The three parts, within the text. */
typedef struct {
    const char *epoch, *upstream, *revision;
    gsize epoch_size, upstream_size, revision_size;
} Parts;

static Parts split(const char *text)
{
    const char *colon = strchr(text, ':');
    const char *upstream = colon == NULL ? text : colon + 1;
    const char *dash = strrchr(upstream, '-');
    gsize size = strlen(upstream);

    return (Parts){ .epoch = text,
                    .epoch_size = colon == NULL ? 0 : (gsize)(colon - text),
                    .upstream = upstream,
                    .upstream_size = dash == NULL ? size : (gsize)(dash - upstream),
                    .revision = dash == NULL ? "" : dash + 1,
                    .revision_size = dash == NULL ? 0 : strlen(dash + 1) };
}

bool hl_package_version_ok(const char *text)
{
    gsize size = strnlen(text, HL_PACKAGE_VERSION_MAX + 1);
    const char *colon = strchr(text, ':');
    const char *rest = colon == NULL ? text : colon + 1;
    Parts parts = split(text);

    if (size == 0 || size > HL_PACKAGE_VERSION_MAX || !g_ascii_isdigit(*rest))
        return false;
    if (colon != NULL &&
        (parts.epoch_size == 0 || parts.epoch_size > MAX_EPOCH_DIGITS || strspn(text, DIGITS) != parts.epoch_size))
        return false;
    if (strspn(rest, LETTERS DIGITS ".+~-") != strlen(rest))
        return false;
    return parts.upstream_size > 0 && (*parts.revision != '\0' || !g_str_has_suffix(text, "-"));
}

/* '~' comes before everything, the end too; letters before all other characters. */
static int order(const char *at, const char *end)
{
    if (at == end || g_ascii_isdigit(*at))
        return 0;
    if (*at == '~')
        return -1;
    return g_ascii_isalpha(*at) ? (unsigned char)*at : (unsigned char)*at + 256;
}

static gsize count_digits(const char *at, const char *end)
{
    gsize n = 0;

    while (at + n < end && g_ascii_isdigit(at[n]))
        n++;
    return n;
}

static const char *skip_zeros(const char *at, const char *end)
{
    while (at < end && *at == '0')
        at++;
    return at;
}

/* The numbers that begin here, of any length; both move behind them. */
static int compare_numbers(const char **a, const char *a_end, const char **b, const char *b_end)
{
    gsize n_a;
    gsize n_b;
    int result;

    *a = skip_zeros(*a, a_end);
    *b = skip_zeros(*b, b_end);
    n_a = count_digits(*a, a_end);
    n_b = count_digits(*b, b_end);
    result = n_a != n_b ? (n_a < n_b ? -1 : 1) : memcmp(*a, *b, n_a);
    *a += n_a;
    *b += n_b;
    return result;
}

/* What is not a digit, then a number, and so on to the end of both. */
static int compare_parts(const char *a, gsize a_size, const char *b, gsize b_size)
{
    const char *a_end = a + a_size;
    const char *b_end = b + b_size;

    while (a < a_end || b < b_end) {
        int result;

        while ((a < a_end && !g_ascii_isdigit(*a)) || (b < b_end && !g_ascii_isdigit(*b))) {
            result = order(a, a_end) - order(b, b_end);
            if (result != 0)
                return result;
            a += a < a_end;
            b += b < b_end;
        }
        result = compare_numbers(&a, a_end, &b, b_end);
        if (result != 0)
            return result;
    }
    return 0;
}

static int compare_upstream(const Parts *left, const Parts *right)
{
    int result = compare_parts(left->epoch, left->epoch_size, right->epoch, right->epoch_size);

    return result != 0 ? result
                       : compare_parts(left->upstream, left->upstream_size, right->upstream, right->upstream_size);
}

int hl_package_version_compare(const char *a, const char *b)
{
    Parts left = split(a);
    Parts right = split(b);
    int result = compare_upstream(&left, &right);

    return result != 0 ? result : compare_parts(left.revision, left.revision_size, right.revision, right.revision_size);
}

bool hl_package_version_same_upstream(const char *a, const char *b)
{
    Parts left = split(a);
    Parts right = split(b);

    return compare_upstream(&left, &right) == 0;
}

bool hl_package_version_reached(const char *have, const char *wanted)
{
    Parts right = split(wanted);
    g_autofree char *upstream = g_strndup(wanted, (gsize)(right.upstream - wanted) + right.upstream_size);

    return hl_package_version_ok(have) &&
           hl_package_version_compare(have, strchr(have, '-') == NULL ? upstream : wanted) >= 0;
}
