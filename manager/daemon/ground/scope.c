/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/scope.h"

#include <string.h>

#include "lib/base/text.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/selector.h"

#define MAX_GROUPS 64 /* of one account: with names of 64 bytes a line of 4 kB */

char *mgr_account_groups(const MgrFleet *fleet, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", MAX_GROUPS + 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; words[i] != NULL; i++) {
        const MgrGroup *group;

        if (*g_strstrip(words[i]) == '\0')
            continue;
        if (names->len == MAX_GROUPS || strchr(words[i], ',') != NULL) {
            mgr_refuse(error, MGR_REFUSE_SCOPE_GROUPS, HL_NUMBER(MAX_GROUPS), NULL);
            return NULL;
        }
        group = mgr_selector_group(fleet, NULL, words[i], error);
        if (group == NULL)
            return NULL;
        g_ptr_array_add(names, group->record.name);
    }
    if (names->len == 0 && *text != '\0') { /* a script whose variable is empty lifts no limits */
        mgr_refuse(error, MGR_REFUSE_SCOPE_NONE, text, NULL);
        return NULL;
    }
    g_ptr_array_sort(names, hl_text_compare);
    for (guint i = 0; i < names->len; i++)
        if (i == 0 || strcmp(names->pdata[i], names->pdata[i - 1]) != 0)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "", (const char *)names->pdata[i]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool mgr_account_check_scope(const MgrAccountRecord *account, GError **error)
{
    return account->role != MGR_ROLE_OWNER || *account->groups == '\0' ||
           mgr_refuse(error, MGR_REFUSE_SCOPE_OWNER, account->name, account->groups, NULL);
}
