/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/rollout_plan.h"

#include <string.h>

#include "manager/core/refusal.h"

typedef struct {
    const char *name;
    const char *unit; /* which may be said behind the number; "": none */
    guint fallback, least, most;
} Number;

static bool number_of(const MgrCall *call, const Number *what, guint *value, GError **error)
{
    const char *text = mgr_call_argument(call, what->name);
    guint64 number = what->fallback;

    if (text != NULL) {
        g_autofree char *digits = g_strdup(text);

        if (g_str_has_suffix(digits, what->unit))
            digits[strlen(digits) - strlen(what->unit)] = '\0';
        if (!g_ascii_string_to_unsigned(digits, 10, what->least, what->most, &number, NULL))
            return mgr_refuse(error, MGR_REFUSE_ROLLOUT_NUMBER, what->name, text, HL_NUMBER(what->least),
                              HL_NUMBER(what->most), NULL);
    }
    *value = (guint)number;
    return true;
}

bool mgr_rollout_read_plan(const MgrCall *call, MgrRolloutPlan *plan, GError **error)
{
    static const Number rate = { "rate", "/min", 0, 1, 1000000 };
    static const Number success = { "min-success", "%", 95, 1, 100 };
    static const Number sample = { "min-sample", "", 5, 1, 10000 };
    const char *rings = mgr_call_argument(call, "rings");

    return mgr_rollout_parse_rings(rings != NULL ? rings : "1%,10%,100%", plan, error) &&
           number_of(call, &rate, &plan->rate, error) && number_of(call, &success, &plan->min_success, error) &&
           number_of(call, &sample, &plan->min_sample, error) &&
           mgr_call_duration(call, "soak", 15 * HL_MINUTE, 0, 30 * HL_DAY, &plan->soak, error) &&
           mgr_call_duration(call, "silence", HL_HOUR, HL_SECOND, 3 * HL_DAY, &plan->silence, error);
}

GPtrArray *mgr_rollout_order(const GPtrArray *endpoints)
{
    GPtrArray *order = g_ptr_array_sized_new(endpoints->len);
    guint up = 0;

    for (guint i = 0; i < endpoints->len; i++)
        if (((const MgrEndpoint *)endpoints->pdata[i])->record.revoked_at == 0)
            g_ptr_array_add(order, endpoints->pdata[i]);
    for (guint i = 0; i + 1 < order->len; i++) {
        guint other = (guint)g_random_int_range((gint32)i, (gint32)order->len);
        gpointer swapped = order->pdata[i];

        order->pdata[i] = order->pdata[other];
        order->pdata[other] = swapped;
    }
    for (guint i = 0; i < order->len; i++) {
        gpointer endpoint = order->pdata[i];

        if (!mgr_endpoint_is_up(endpoint))
            continue;
        order->pdata[i] = order->pdata[up];
        order->pdata[up++] = endpoint;
    }
    return order;
}

bool mgr_rollout_leave_out(GPtrArray *endpoints, bool about_program, const char *component, const char *selector,
                           GError **error)
{
    if (!about_program && *component == '\0')
        return true;
    for (guint i = endpoints->len; i > 0; i--) {
        const HlSettings *settings = &mgr_endpoint_terms(endpoints->pdata[i - 1])->settings;

        if (about_program ? settings->block_program_upgrade : !hl_settings_has_component(settings, component))
            g_ptr_array_remove_index(endpoints, i - 1);
    }
    if (endpoints->len > 0)
        return true;
    return about_program ? mgr_refuse(error, MGR_REFUSE_ROLLOUT_BLOCKED, selector, NULL)
                         : mgr_refuse(error, MGR_REFUSE_ROLLOUT_NO_TAKERS, selector, component, NULL);
}
