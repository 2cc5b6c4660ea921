/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/gate.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/mailbox.h"
#include "proto/topics.h"

#define MAX_SENDERS \
    200000 /* 40 MB; more names than certificates: somebody has the broker, and whom it favours is theirs */
#define MAX_FLOODS 4096 /* notices that wait for the loop; one a sender and second */
#define REMIND     HL_SECOND

typedef struct {
    MgrQuota quota;
    HlTime told; /* mono; shut: the last notice */
    bool shut;
    char name[]; /* the key */
} Sender;

typedef struct {
    char *sender;
    MgrQuotaKind kind;
} Notice;

struct MgrGate {
    HlMailbox *notices;
    MgrGateFlooded flooded;
    gpointer user;

    pthread_mutex_t lock;
    GHashTable *senders; /* name -> Sender * */
    uint64_t refused;
};

/* What each topic counts as; the manager's own is not counted. */
static const struct {
    HlTopic topic;
    MgrQuotaKind kind;
} kinds[] = {
    { HL_TOPIC_LINK, MGR_QUOTA_LINK },
    { HL_TOPIC_HEARTBEAT, MGR_QUOTA_HEARTBEAT },
    { HL_TOPIC_REPORT, MGR_QUOTA_REPORT },
    { HL_TOPIC_ECHO, MGR_QUOTA_ECHO },
    { HL_TOPIC_ADMIN_REQUEST, MGR_QUOTA_REQUEST },
    { HL_TOPIC_MONITOR_REQUEST, MGR_QUOTA_REQUEST },
};

static void notice_free(gpointer item)
{
    Notice *notice = item;

    g_free(notice->sender);
    g_free(notice);
}

static void on_notice(gpointer item, gpointer user)
{
    const MgrGate *gate = user;
    const Notice *notice = item;

    if (gate->flooded != NULL)
        gate->flooded(notice->sender, notice->kind, gate->user);
    notice_free(item);
}

MgrGate *mgr_gate_new(void)
{
    MgrGate *gate = g_new0(MgrGate, 1);

    pthread_mutex_init(&gate->lock, NULL);
    gate->senders = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    gate->notices = hl_mailbox_new("floods", MAX_FLOODS, NULL, on_notice, gate, notice_free);
    return gate;
}

void mgr_gate_free(MgrGate *gate)
{
    if (gate == NULL)
        return;
    hl_mailbox_free(gate->notices);
    g_hash_table_unref(gate->senders);
    pthread_mutex_destroy(&gate->lock);
    g_free(gate);
}

void mgr_gate_attach(MgrGate *gate, MgrGateFlooded flooded, gpointer user)
{
    gate->flooded = flooded;
    gate->user = user;
}

static gboolean is_not_shut(gpointer name G_GNUC_UNUSED, gpointer value, gpointer user G_GNUC_UNUSED)
{
    return !((const Sender *)value)->shut;
}

/* Under the lock. */
static Sender *find_sender(MgrGate *gate, const char *name)
{
    Sender *sender = g_hash_table_lookup(gate->senders, name);

    if (sender != NULL)
        return sender;
    if (g_hash_table_size(gate->senders) >= MAX_SENDERS)
        g_hash_table_foreach_remove(gate->senders, is_not_shut, NULL);
    sender = g_malloc0(sizeof *sender + strlen(name) + 1);
    strcpy(sender->name, name);
    g_hash_table_insert(gate->senders, sender->name, sender);
    return sender;
}

static void tell(MgrGate *gate, Sender *sender, MgrQuotaKind kind, HlTime now)
{
    Notice *notice;

    if (sender->shut && now - sender->told < REMIND)
        return;
    sender->shut = true;
    sender->told = now;
    notice = g_new(Notice, 1);
    *notice = (Notice){ g_strdup(sender->name), kind };
    if (hl_mailbox_post(gate->notices, notice) != HL_MAILBOX_POSTED)
        notice_free(notice); /* it is reminded of */
}

static bool ask(MgrGate *gate, const char *name, MgrQuotaKind kind, gsize size)
{
    HlTime now = hl_clock_mono();
    MgrQuotaOutcome outcome = MGR_QUOTA_FLOODING;
    Sender *sender;

    pthread_mutex_lock(&gate->lock);
    sender = find_sender(gate, name);
    if (!sender->shut)
        outcome = mgr_quota_allow(&sender->quota, kind, size, now);
    if (outcome == MGR_QUOTA_FLOODING)
        tell(gate, sender, kind, now);
    gate->refused += outcome != MGR_QUOTA_ALLOWED;
    pthread_mutex_unlock(&gate->lock);
    return outcome == MGR_QUOTA_ALLOWED;
}

HlBusAdmission mgr_gate_admit(const char *topic, gsize size, gpointer user)
{
    g_autofree char *name = NULL;
    HlTopic which;

    if (!hl_topic_parse(topic, &which, &name))
        return HL_BUS_DROPPED; /* nobody would know what to do with it */
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].topic == which && !ask(user, name, kinds[i].kind, size))
            return HL_BUS_DROPPED;
    return hl_topic_row(which)->urgent ? HL_BUS_ADMITTED_FIRST : HL_BUS_ADMITTED;
}

void mgr_gate_open(MgrGate *gate, const char *sender)
{
    pthread_mutex_lock(&gate->lock);
    g_hash_table_remove(gate->senders, sender); /* with a whole burst again */
    pthread_mutex_unlock(&gate->lock);
}

static gboolean is_unused(gpointer name G_GNUC_UNUSED, gpointer value, gpointer user)
{
    const Sender *sender = value;
    const HlTime *now = user;

    return !sender->shut && mgr_quota_is_unused(&sender->quota, *now);
}

void mgr_gate_tick(MgrGate *gate)
{
    HlTime now = hl_clock_mono();

    pthread_mutex_lock(&gate->lock);
    g_hash_table_foreach_remove(gate->senders, is_unused, &now);
    pthread_mutex_unlock(&gate->lock);
}

MgrGateCounts mgr_gate_count(MgrGate *gate)
{
    MgrGateCounts counts;

    pthread_mutex_lock(&gate->lock);
    counts = (MgrGateCounts){ gate->refused, g_hash_table_size(gate->senders) };
    pthread_mutex_unlock(&gate->lock);
    return counts;
}
