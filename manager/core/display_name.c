/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/display_name.h"

#include <string.h>

#include "lib/base/text.h"
#include "manager/core/refusal.h"

#define MAX_GIVEN (4 * MGR_DISPLAY_NAME_BYTES) /* before marks and letters are composed */

static bool is_blank(gunichar c)
{
    return c == ' ' || c == 0x3000; /* the ideographic one */
}

static bool may_be_in_name(gunichar c)
{
    if (c == ',' || hl_char_is_deceptive(c) || !g_unichar_isdefined(c) || g_unichar_type(c) == G_UNICODE_PRIVATE_USE)
        return false;
    return is_blank(c) || !g_unichar_isspace(c);
}

static bool fail_character(gunichar c, GError **error)
{
    g_autofree char *code = g_strdup_printf("%04X", c);

    return mgr_refuse(error, MGR_REFUSE_DISPLAY_CHARACTER, code, NULL);
}

static bool check_characters(const char *name, GError **error)
{
    gunichar c = 0;

    for (const char *at = name; *at != '\0'; at = g_utf8_find_next_char(at, NULL)) {
        c = g_utf8_get_char(at);
        if (!may_be_in_name(c))
            return fail_character(c, error);
    }
    return *name == '\0' || (!is_blank(c) && !is_blank(g_utf8_get_char(name))) ||
           mgr_refuse(error, MGR_REFUSE_DISPLAY_BLANK, NULL);
}

char *mgr_display_name_parse(const char *text, GError **error)
{
    g_autofree char *name = NULL;

    if (!g_utf8_validate(text, -1, NULL)) {
        mgr_refuse(error, MGR_REFUSE_DISPLAY_TEXT, NULL);
        return NULL;
    }
    name = strlen(text) <= MAX_GIVEN ? g_utf8_normalize(text, -1, G_NORMALIZE_NFC) : NULL;
    if (name == NULL || strlen(name) > MGR_DISPLAY_NAME_BYTES || g_utf8_strlen(name, -1) > MGR_DISPLAY_NAME_CHARS) {
        mgr_refuse(error, MGR_REFUSE_DISPLAY_LONG, HL_NUMBER(MGR_DISPLAY_NAME_CHARS), NULL);
        return NULL;
    }
    return check_characters(name, error) ? g_steal_pointer(&name) : NULL;
}

char *mgr_display_name_key(const char *name)
{
    g_autofree char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFKC);

    return g_utf8_casefold(normal != NULL ? normal : "", -1);
}
