/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/round.h"

#include <string.h>

#include "proto/source.h"

static void free_source(gpointer data)
{
    EpSource *source = data;

    g_free(source->name);
    g_free(source->url);
    g_free(source);
}

/* Takes both; the first of two with the same URL is kept. */
static void add_source(GPtrArray *sources, char *name, char *url)
{
    EpSource *source = g_new(EpSource, 1);

    *source = (EpSource){ name, url };
    for (guint i = 0; i < sources->len; i++) {
        const EpSource *before = sources->pdata[i];

        if (strcmp(before->url, url) == 0) {
            free_source(source);
            return;
        }
    }
    g_ptr_array_add(sources, source);
}

/* Whether an entry of the list is for this machine. */
static bool is_for(const EpSourcesWanted *wanted, const HlUpdateSource *source)
{
    bool found = !source->limited;

    for (gsize i = 0; !found && wanted->addresses[i] != NULL; i++)
        found = hl_network_has(&source->network, wanted->addresses[i]);
    return found;
}

static void add_server(GPtrArray *sources, const char *const *urls)
{
    for (gsize i = 0; urls[i] != NULL; i++)
        add_source(sources, g_strdup("server"),
                   g_strconcat(urls[i], g_str_has_suffix(urls[i], "/") ? "" : "/", "repo/", NULL));
}

GPtrArray *ep_round_sources(const EpSourcesWanted *wanted)
{
    GPtrArray *sources = g_ptr_array_new_with_free_func(free_source);

    for (gsize i = 0; wanted->sources[i] != NULL; i++) {
        HlUpdateSource source;

        /* the settings' own check took it */
        if (!hl_update_source_parse(wanted->sources[i], &source, NULL) || !is_for(wanted, &source))
            continue;
        if (strcmp(source.where, "server") == 0)
            add_server(sources, wanted->servers);
        else if (strcmp(source.where, "activeupdate") != 0)
            add_source(sources, g_strdup_printf("source-%" G_GSIZE_FORMAT, i + 1), g_strdup(source.where));
        else if (*wanted->activeupdate != '\0')
            add_source(sources, g_strdup(source.where), g_strdup(wanted->activeupdate));
    }
    return sources;
}

void ep_round_begin(EpRound *round, bool eager, HlTime now)
{
    *round = (EpRound){ .until = eager ? now : now + EP_ROUND_PATIENCE };
}

bool ep_round_settings_done(EpRound *round, bool line_up, HlTime now)
{
    if (!line_up)
        round->up_since = 0;
    else if (round->up_since == 0)
        round->up_since = now;
    return now >= round->until || (line_up && now - round->up_since >= EP_ROUND_GRACE);
}

char *ep_round_tell(const EpRoundFacts *facts)
{
    GString *out = g_string_new("settings: ");

    if (facts->group == NULL)
        g_string_append(out, facts->line_up ? "none yet" : "none yet, the server was not reached");
    else
        g_string_append_printf(out,
                               facts->line_up ? "version %" G_GUINT64_FORMAT " of %s"
                                              : "version %" G_GUINT64_FORMAT " of %s, the server was not reached",
                               facts->version, facts->group);
    g_string_append_printf(out, "; patterns: %s; program: %s", facts->patterns, facts->program);
    return g_string_free(out, FALSE);
}
