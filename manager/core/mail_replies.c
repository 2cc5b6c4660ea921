/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/mail_replies.h"

#include <string.h>

#include "lib/base/unconst.h"

json_t *mgr_mail_replies_parse(const char *text)
{
    json_t *replies = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(replies))
        return replies;
    json_decref(replies);
    return json_object();
}

/* The first digit of the reply; '\0': none. */
static char class_of(const json_t *replies, const char *address)
{
    const char *reply = json_string_value(json_object_get(replies, address));

    return (char)(reply != NULL ? reply[0] : '\0');
}

bool mgr_mail_replies_has_some(const json_t *replies)
{
    const char *address;
    json_t *reply;

    json_object_foreach(hl_unconst(replies), address, reply)
    {
        if (class_of(replies, address) == '2')
            return true;
    }
    return false;
}

GStrv mgr_mail_replies_left(const json_t *replies, const char *const *all)
{
    GPtrArray *left = g_ptr_array_new();

    for (gsize i = 0; all[i] != NULL; i++) {
        char class = class_of(replies, all[i]);

        if (class != '2' && class != '5')
            g_ptr_array_add(left, g_strdup(all[i]));
    }
    g_ptr_array_add(left, NULL);
    return (GStrv)g_ptr_array_free(left, FALSE);
}

/* Whether each of them was turned away, so that the attempt failed for no other reason. */
static bool are_all_turned_away(const char *const *said)
{
    for (gsize i = 0; said[i] != NULL; i++)
        if (*said[i] != '4' && *said[i] != '5')
            return false;
    return true;
}

bool mgr_mail_replies_fold(json_t *replies, const char *const *to, const char *const *said, bool is_taken)
{
    if (!is_taken && (!mgr_mail_replies_has_some(replies) || !are_all_turned_away(said)))
        return false;
    for (gsize i = 0; to[i] != NULL; i++)
        if (*said[i] != '\0')
            json_object_set_new(replies, to[i], json_string(said[i]));
    return true;
}

bool mgr_mail_replies_answered(const char *const *said)
{
    for (gsize i = 0; said[i] != NULL; i++)
        if (g_ascii_isdigit(*said[i]))
            return true;
    return false;
}

char *mgr_mail_replies_missed(const json_t *replies, const char *const *all)
{
    GString *out = g_string_new(NULL);

    for (gsize i = 0; all != NULL && all[i] != NULL; i++) {
        const char *reply = json_string_value(json_object_get(replies, all[i]));

        if (reply != NULL && *reply != '2')
            g_string_append_printf(out, "%s%s: %s", out->len > 0 ? "; " : "", all[i], reply);
    }
    return g_string_free(out, FALSE);
}

char *mgr_mail_replies_said(const json_t *replies, const char *const *all, const char *answer)
{
    g_autofree char *missed = mgr_mail_replies_missed(replies, all);

    if (answer == NULL)
        return g_steal_pointer(&missed);
    return *missed == '\0' ? g_strdup(answer) : g_strdup_printf("%s; %s", missed, answer);
}
