/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/trouble.h"

#include "lib/base/log.h"

typedef struct {
    char *text; /* NULL: none */
    HlTime at;
} Problem;

struct EpTrouble {
    EpTroubleOptions options;
    Problem store, identity;
    guint timer;
};

static void set(EpTrouble *trouble, Problem *problem, char *text)
{
    if (g_strcmp0(problem->text, text) != 0)
        ep_pulse_changed(trouble->options.pulse);
    g_free(problem->text);
    problem->text = text;
    problem->at = text != NULL ? hl_clock_wall() : 0;
}

EpTrouble *ep_trouble_new(const EpTroubleOptions *options)
{
    EpTrouble *trouble = g_new0(EpTrouble, 1);

    trouble->options = *options;
    return trouble;
}

void ep_trouble_free(EpTrouble *trouble)
{
    if (trouble == NULL)
        return;
    g_clear_handle_id(&trouble->timer, g_source_remove);
    g_free(trouble->store.text);
    g_free(trouble->identity.text);
    g_free(trouble);
}

static gboolean on_retry(gpointer user)
{
    EpTrouble *trouble = user;

    trouble->timer = 0;
    trouble->options.retry(trouble->options.user);
    return G_SOURCE_REMOVE;
}

void ep_trouble_store_failed(EpTrouble *trouble, const char *what, const GError *error)
{
    hl_log_limited(HL_LOG_ERROR, "store", what, "cannot store %s: %s", what, error->message);
    set(trouble, &trouble->store, g_strdup_printf("cannot store %s: %s", what, error->message));
    if (trouble->timer == 0)
        trouble->timer = g_timeout_add((guint)EP_TROUBLE_RETRY, on_retry, trouble);
}

void ep_trouble_store_worked(EpTrouble *trouble)
{
    set(trouble, &trouble->store, NULL);
}

void ep_trouble_set_identity(EpTrouble *trouble, const char *problem)
{
    set(trouble, &trouble->identity, g_strdup(problem));
}

EpTroubleView ep_trouble_view(const EpTrouble *trouble)
{
    const Problem *worst = trouble->identity.text != NULL ? &trouble->identity : &trouble->store;

    return (EpTroubleView){ worst->text, worst->at };
}
