/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/floods.h"

#include "lib/base/log.h"

#define MAX_FLOODERS 10000 /* beyond that those who are not held off now are forgotten */

typedef struct {
    MgrHoldOffs hold_offs;
    bool held;
} Flooder;

struct MgrFloods {
    MgrFloodsOptions parts;
    GHashTable *flooders; /* name -> Flooder * */
    MgrFloodsCounts counts;
};

MgrFloodsCounts mgr_floods_count(const MgrFloods *floods)
{
    return floods->counts;
}

static gboolean is_free(gpointer name G_GNUC_UNUSED, gpointer value, gpointer user G_GNUC_UNUSED)
{
    return !((const Flooder *)value)->held;
}

static Flooder *find_flooder(MgrFloods *floods, const char *name)
{
    Flooder *flooder = g_hash_table_lookup(floods->flooders, name);

    if (flooder != NULL)
        return flooder;
    if (g_hash_table_size(floods->flooders) >= MAX_FLOODERS)
        g_hash_table_foreach_remove(floods->flooders, is_free, NULL);
    flooder = g_new0(Flooder, 1);
    flooder->hold_offs.until = -HL_DAY; /* the first one */
    g_hash_table_insert(floods->flooders, g_strdup(name), flooder);
    return flooder;
}

/* What the endpoint is shown as from now on: whatever it said last, nobody hears it any longer.  That it floods may be
 * the first that is known of it: what the gate let pass may still wait, and is dropped. */
static void show_begin(MgrFloods *floods, MgrEndpoint *endpoint, MgrQuotaKind kind, HlTime time)
{
    const MgrFloodsOptions *parts = &floods->parts;
    g_autofree char *how_long = hl_duration_describe(time);
    MgrPresenceEvent event = { .kind = MGR_PRESENCE_DOWN,
                               .session = MAX(endpoint->record.presence.session, 1), /* earlier than any */
                               .reason = MGR_REASON_FLOODING };

    mgr_endpoint_make_contact(endpoint)->held_off_until = hl_clock_wall() + time;
    mgr_endpoint_make_contact(endpoint)->floods++;
    mgr_tracker_feed(parts->tracker, endpoint, &event);
    mgr_console_feed(parts->console, endpoint, MGR_DISPLAY_LINE_LOST);
    mgr_record_decision(parts->record, endpoint->record.id, "flooding", "too many %s: held off for %s",
                        mgr_quota_row(kind)->name, how_long);
    mgr_status_event(parts->status, endpoint, "flooding", "", mgr_quota_row(kind)->name, "held-off");
    mgr_status_touch(parts->status, endpoint);
}

static void begin(MgrFloods *floods, const char *name, Flooder *flooder, MgrQuotaKind kind)
{
    HlTime time = mgr_hold_offs_begin(&flooder->hold_offs, hl_clock_mono());
    MgrEndpoint *endpoint = mgr_fleet_endpoint(floods->parts.fleet, name);
    g_autofree char *how_long = hl_duration_describe(time);

    flooder->held = true;
    floods->counts.total++;
    floods->counts.now++;
    hl_log_limited(HL_LOG_WARN, "flood", name, "%s sends too many %s: held off for %s", name, mgr_quota_row(kind)->name,
                   how_long);
    if (endpoint != NULL)
        show_begin(floods, endpoint, kind, time);
    mgr_pki_hold_off(floods->parts.pki, name);
    mgr_pki_evict(floods->parts.pki, name);
}

static void on_flooded(const char *sender, MgrQuotaKind kind, gpointer user)
{
    MgrFloods *floods = user;
    Flooder *flooder = find_flooder(floods, sender);

    if (!flooder->held)
        begin(floods, sender, flooder, kind);
    else if (!mgr_pki_manages_broker(floods->parts.pki))
        mgr_pki_evict(floods->parts.pki, sender); /* it came back, and its broker lets it */
}

/* Its session starts over, so that it says again what was dropped. */
static void end(MgrFloods *floods, const char *name, Flooder *flooder)
{
    const MgrFloodsOptions *parts = &floods->parts;
    MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, name);

    flooder->held = false;
    floods->counts.now--;
    mgr_pki_let_back(parts->pki, name);
    mgr_gate_open(parts->gate, name);
    mgr_pki_evict(parts->pki, name);
    if (endpoint == NULL)
        return;
    mgr_endpoint_make_contact(endpoint)->held_off_until = 0;
    mgr_record_decision(parts->record, name, "flooding", "may send again");
    mgr_status_event(parts->status, endpoint, "flooding", "", "", "over");
    mgr_status_touch(parts->status, endpoint);
}

void mgr_floods_tick(MgrFloods *floods)
{
    HlTime now = hl_clock_mono();
    GHashTableIter iter;
    gpointer name, value;

    mgr_gate_tick(floods->parts.gate);
    g_hash_table_iter_init(&iter, floods->flooders);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        Flooder *flooder = value;

        if (flooder->held && now >= flooder->hold_offs.until)
            end(floods, name, flooder);
        else if (!flooder->held && mgr_hold_offs_is_over(&flooder->hold_offs, now))
            g_hash_table_iter_remove(&iter);
    }
}

MgrFloods *mgr_floods_new(const MgrFloodsOptions *options)
{
    MgrFloods *floods = g_new0(MgrFloods, 1);

    floods->parts = *options;
    floods->flooders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mgr_gate_attach(floods->parts.gate, on_flooded, floods);
    return floods;
}

void mgr_floods_free(MgrFloods *floods)
{
    if (floods == NULL)
        return;
    mgr_gate_attach(floods->parts.gate, NULL, NULL);
    g_hash_table_unref(floods->flooders);
    g_free(floods);
}
