#include "proto/messages.h"

#include <string.h>

static const char *const states[] = {
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_QUEUED] = "queued",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_SENT] = "sent",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_RECEIVED] = "received",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED] = "started",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_SUCCEEDED] = "succeeded",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_FAILED] = "failed",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_REJECTED] = "rejected",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_TIMED_OUT] = "timed-out",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_EXPIRED] = "expired",
    [HOLDLINE__V1__COMMAND_STATE__COMMAND_CANCELLED] = "cancelled",
};

static const char *const kinds[] = {
    [HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW] = "update-now",
    [HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL] = "cancel",
    [HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE] = "certificate",
    [HOLDLINE__V1__COMMAND_KIND__KIND_ROLLBACK] = "rollback",
    [HOLDLINE__V1__COMMAND_KIND__KIND_SYNCHRONIZE] = "synchronize",
};

static const char *name_in(const char *const *names, gsize count, int value)
{
    return value > 0 && (gsize)value < count ? names[value] : NULL;
}

static int value_in(const char *const *names, gsize count, const char *name)
{
    for (gsize i = 1; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *hl_command_state_name(int state)
{
    return name_in(states, G_N_ELEMENTS(states), state);
}

int hl_command_state_from_name(const char *name)
{
    return value_in(states, G_N_ELEMENTS(states), name);
}

gboolean hl_command_state_is_final(int state)
{
    return state >= HOLDLINE__V1__COMMAND_STATE__COMMAND_SUCCEEDED;
}

gboolean hl_command_state_may_follow(int from, int to)
{
    if (hl_command_state_is_final(from) || hl_command_state_name(to) == NULL)
        return FALSE;
    return to > from || (to == from && to == HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED);
}

const char *hl_command_kind_name(int kind)
{
    return name_in(kinds, G_N_ELEMENTS(kinds), kind);
}

int hl_command_kind_from_name(const char *name)
{
    return value_in(kinds, G_N_ELEMENTS(kinds), name);
}
