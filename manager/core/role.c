/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/role.h"

#include <string.h>

#include "lib/base/i18n.h"

static const char *const names[MGR_ROLE_N] = {
    [MGR_ROLE_AUDITOR] = N_("auditor"),
    [MGR_ROLE_OPERATOR] = N_("operator"),
    [MGR_ROLE_ADMINISTRATOR] = N_("administrator"),
    [MGR_ROLE_OWNER] = N_("owner"),
};

#define A (1U << MGR_ROLE_AUDITOR)
#define P (1U << MGR_ROLE_OPERATOR)
#define M (1U << MGR_ROLE_ADMINISTRATOR)
#define O (1U << MGR_ROLE_OWNER)

/* The whole policy. */
static const unsigned may[MGR_NEED_N] = {
    [MGR_NEED_WATCH] = A | P | M | O,
    [MGR_NEED_READ] = A | P | M | O,
    [MGR_NEED_SELF] = A | P | M | O,
    [MGR_NEED_OPERATE] = P | M | O,
    [MGR_NEED_MOVE] = M | O,
    [MGR_NEED_MANAGE] = M | O,
    [MGR_NEED_OWN] = O,
    [MGR_NEED_AUDIT] = A | O,
    [MGR_NEED_OTHERS] = A | O,
    [MGR_NEED_REVIEW] = M | O,
    [MGR_NEED_CONSOLE] = 0,
    [MGR_NEED_MONITOR] = 0,
};

const char *mgr_role_name(MgrRole role)
{
    g_assert((unsigned)role < MGR_ROLE_N);
    return names[role];
}

bool mgr_role_parse(const char *name, MgrRole *role)
{
    for (unsigned i = 0; i < MGR_ROLE_N; i++) {
        if (strcmp(name, names[i]) == 0) {
            *role = (MgrRole)i;
            return true;
        }
    }
    return false;
}

bool mgr_role_may(MgrRole role, MgrNeed need)
{
    g_assert((unsigned)role < MGR_ROLE_N && need > MGR_NEED_UNSET && need < MGR_NEED_N);
    return (may[need] & (1U << role)) != 0;
}

bool mgr_role_is_within(MgrRole role, MgrRole limit)
{
    for (unsigned need = MGR_NEED_UNSET + 1; need < MGR_NEED_N; need++)
        if (mgr_role_may(role, (MgrNeed)need) && !mgr_role_may(limit, (MgrNeed)need))
            return false;
    return true;
}

bool mgr_need_is_of_console(MgrNeed need)
{
    return need == MGR_NEED_WATCH || need == MGR_NEED_CONSOLE;
}

bool mgr_need_is_of_monitor(MgrNeed need)
{
    return need == MGR_NEED_WATCH || need == MGR_NEED_MONITOR;
}

bool mgr_need_is_to_look(MgrNeed need)
{
    return mgr_need_is_to_look_only(need) || need == MGR_NEED_SELF;
}

bool mgr_need_is_to_look_only(MgrNeed need)
{
    return need == MGR_NEED_WATCH || need == MGR_NEED_READ || need == MGR_NEED_AUDIT || need == MGR_NEED_OTHERS ||
           need == MGR_NEED_REVIEW;
}

MgrRole mgr_need_role(MgrNeed need)
{
    for (unsigned role = 0; role < MGR_ROLE_N; role++)
        if (mgr_role_may((MgrRole)role, need))
            return (MgrRole)role;
    g_assert_not_reached();
}

char *mgr_need_roles(MgrNeed need)
{
    MgrRole least = mgr_need_role(need);
    GString *out = g_string_new(names[least]);
    bool has_gap = false;

    for (unsigned role = least + 1; role < MGR_ROLE_N; role++)
        has_gap = has_gap || !mgr_role_may((MgrRole)role, need);
    for (unsigned role = least + 1; has_gap && role < MGR_ROLE_N; role++)
        if (mgr_role_may((MgrRole)role, need))
            g_string_append_printf(out, "/%s", names[role]);
    return g_string_free(out, FALSE);
}

bool mgr_groups_have(const char *groups, const char *group)
{
    g_auto(GStrv) these = g_strsplit(groups, ",", -1);

    return g_strv_contains((const char *const *)these, group);
}

void mgr_caller_init(MgrCaller *caller, const char *account, MgrRole role, const char *groups)
{
    *caller = (MgrCaller){ .account = g_strdup(account), .role = role };
    if (*groups != '\0')
        caller->groups = g_strsplit(groups, ",", -1);
}

void mgr_caller_clear(MgrCaller *caller)
{
    g_clear_pointer(&caller->account, g_free);
    g_clear_pointer(&caller->groups, g_strfreev);
}

bool mgr_caller_sees(const MgrCaller *caller, const char *group)
{
    return caller == NULL || caller->groups == NULL || g_strv_contains((const char *const *)caller->groups, group);
}
