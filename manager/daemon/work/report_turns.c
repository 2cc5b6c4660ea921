/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/report_turns.h"

#include "lib/base/clock.h"

/* Of one endpoint. */
typedef struct {
    int64_t endpoint;
    HlTime since; /* mono */
    bool hurries;
    GQueue batches; /* in their order */
    GList *link;
} Place;

struct MgrReportTurns {
    MgrReportTurnsOptions options;
    GQueue prompt, patient; /* Place * */
    GHashTable *places;     /* endpoint -> Place * */
    guint timer;
    HlTime last; /* mono: of the last turn that submitted something */
};

MgrReportTurns *mgr_report_turns_new(const MgrReportTurnsOptions *options)
{
    MgrReportTurns *turns = g_new0(MgrReportTurns, 1);

    turns->options = *options;
    g_queue_init(&turns->prompt);
    g_queue_init(&turns->patient);
    turns->places = g_hash_table_new(g_int64_hash, g_int64_equal);
    return turns;
}

static void drop(MgrReportTurns *turns, GQueue *queue)
{
    for (Place *place; (place = g_queue_pop_head(queue)) != NULL; g_free(place))
        g_queue_clear_full(&place->batches, turns->options.free);
}

void mgr_report_turns_free(MgrReportTurns *turns)
{
    if (turns == NULL)
        return;
    g_clear_handle_id(&turns->timer, g_source_remove);
    drop(turns, &turns->prompt);
    drop(turns, &turns->patient);
    g_hash_table_unref(turns->places);
    g_free(turns);
}

gpointer mgr_report_turns_last(const MgrReportTurns *turns, int64_t endpoint)
{
    const Place *place = g_hash_table_lookup(turns->places, &endpoint);

    return place != NULL ? place->batches.tail->data : NULL;
}

/* So many of the queue's oldest. */
static void submit_some(MgrReportTurns *turns, GQueue *queue, guint n)
{
    const MgrReportTurnsOptions *options = &turns->options;

    for (Place *place; n > 0 && (place = g_queue_pop_head(queue)) != NULL; n--) {
        g_hash_table_remove(turns->places, &place->endpoint);
        for (gpointer batch; (batch = g_queue_pop_head(&place->batches)) != NULL;)
            options->submit(batch, options->user);
        g_free(place);
    }
}

/* The oldest one does, and with it all. */
static bool is_yielding(MgrReportTurns *turns)
{
    const Place *oldest = g_queue_peek_head(&turns->patient);

    return oldest != NULL && turns->options.is_busy(turns->options.user) &&
           hl_clock_mono() - oldest->since < MGR_REPORT_YIELD;
}

static gboolean on_turn(gpointer user)
{
    MgrReportTurns *turns = user;
    bool yielding = is_yielding(turns);

    turns->last = hl_clock_mono();
    submit_some(turns, &turns->prompt, MGR_REPORT_SLICE);
    if (!yielding)
        submit_some(turns, &turns->patient, MGR_REPORT_SLICE);
    turns->timer = 0;
    if (turns->prompt.length > 0 || (turns->patient.length > 0 && !yielding))
        turns->timer = g_timeout_add(0, on_turn, turns);
    else if (turns->patient.length > 0)
        turns->timer = g_timeout_add(MGR_REPORT_PACE, on_turn, turns);
    return G_SOURCE_REMOVE;
}

static Place *place_new(MgrReportTurns *turns, int64_t endpoint)
{
    Place *place = g_new0(Place, 1);

    place->endpoint = endpoint;
    place->since = hl_clock_mono();
    g_queue_init(&place->batches);
    g_queue_push_tail(&turns->patient, place);
    place->link = turns->patient.tail;
    g_hash_table_insert(turns->places, &place->endpoint, place);
    return place;
}

void mgr_report_turns_add(MgrReportTurns *turns, int64_t endpoint, gpointer batch)
{
    Place *place = g_hash_table_lookup(turns->places, &endpoint);
    HlTime left = turns->last + MGR_REPORT_PACE - hl_clock_mono();

    if (place == NULL)
        place = place_new(turns, endpoint);
    g_queue_push_tail(&place->batches, batch);
    if (turns->timer == 0)
        turns->timer = g_timeout_add((guint)CLAMP(left, 0, MGR_REPORT_PACE), on_turn, turns);
}

void mgr_report_turns_hurry(MgrReportTurns *turns, int64_t endpoint)
{
    Place *place = g_hash_table_lookup(turns->places, &endpoint);

    if (place == NULL || place->hurries)
        return;
    place->hurries = true;
    g_queue_unlink(&turns->patient, place->link);
    g_queue_push_tail_link(&turns->prompt, place->link);
}

void mgr_report_turns_flush(MgrReportTurns *turns)
{
    g_clear_handle_id(&turns->timer, g_source_remove);
    submit_some(turns, &turns->prompt, G_MAXUINT);
    submit_some(turns, &turns->patient, G_MAXUINT);
}
