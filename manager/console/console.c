/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/console.h"

#include <string.h>

#include "lib/base/conf.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "manager/console/calls.h"
#include "manager/console/endpoints.h"
#include "manager/console/events.h"
#include "manager/console/front.h"
#include "manager/console/line.h"
#include "manager/console/renewal.h"
#include "manager/console/site.h"

#define LOOK_EVERY 2 /* s; at the files of the certificates: a renewal by whatever tool needs no signal */

struct Console {
    char *path, *directory;
    ConConf conf;
    ConIdentity identity;
    ConLine *line;
    ConWatch *watch;
    ConPeople *people;
    ConEvents *events;
    ConEndpoints *endpoints;
    ConRenewal *renewal; /* NULL: the line is new */
    ConSite *site;
    ConFront *front;
    guint look;
};

/* What takes effect at the next start alone. */
static const char *const fixed[] = { "console.listen", "line.brokers", "line.ca", "line.certificate", "line.key" };

static bool load_conf(const Console *console, ConConf *conf, GError **error)
{
    hl_options_init(con_conf_table(), conf);
    return hl_conf_load(console->path, con_conf_table(), conf, error) &&
           (con_conf_check(conf, error) || hl_error_prefix(error, "%s", console->path));
}

/* The line is broken for a new certificate of its own alone. */
static bool take_identity(Console *console, const ConConf *conf, GError **error)
{
    bool of_line = con_identity_change(&console->identity, conf, console->directory) == CON_IDENTITY_LINE;
    g_auto(ConIdentity) read = { 0 };

    if (!con_identity_load(&read, conf, console->directory, error) || !con_front_reload(console->front, &read, error) ||
        (of_line && !con_line_reload(console->line, error)))
        return false; /* the front first: if it refuses, the line is not broken again with each look */
    con_identity_clear(&console->identity);
    console->identity = read;
    read = (ConIdentity){ 0 };
    return true;
}

static gboolean on_look(gpointer user)
{
    Console *console = user;
    g_autoptr(GError) error = NULL;

    if (con_identity_change(&console->identity, &console->conf, console->directory) == CON_IDENTITY_SAME)
        return G_SOURCE_CONTINUE;
    if (take_identity(console, &console->conf, &error))
        hl_info("console", "the certificates were replaced, and are used from now on");
    else
        hl_log_limited(HL_LOG_WARN, "console", "identity", "the certificates stay as they were: %s", error->message);
    return G_SOURCE_CONTINUE;
}

static bool check_whole(void *values, GError **error)
{
    return con_conf_check(values, error);
}

bool con_console_check(const char *path, GError **error)
{
    ConConf conf = { 0 };

    return hl_conf_check_print(path, con_conf_table(), &conf, (HlConfRules){ .whole = check_whole }, error);
}

static void on_line_changed(ConLineState state, gpointer user)
{
    Console *console = user;

    con_watch_line(console->watch, state);
    if (console->renewal != NULL)
        con_renewal_look(console->renewal);
}

static void on_status(HlTopic topic, const char *id, GBytes *payload, gpointer user)
{
    con_watch_status(((Console *)user)->watch, topic, id, payload);
}

static void on_news(ConNews news, const char *id, const json_t *document, gpointer user)
{
    con_events_news(news, id, document, ((Console *)user)->events);
}

static bool wire(Console *console, GError **error)
{
    console->watch = con_watch_new(on_news, console);
    console->line = con_line_new(&(ConLineOptions){ .conf = &console->conf,
                                                    .directory = console->directory,
                                                    .handlers = { on_line_changed, on_status },
                                                    .user = console },
                                 error);
    if (console->line == NULL)
        return false;
    con_watch_attach(console->watch, console->line);
    console->renewal = con_renewal_new(console->line, &console->conf, console->directory);
    console->people = con_people_new(console->line);
    console->site = con_site_new(&(ConSiteOptions){ console->line, &console->identity, console->people });
    console->events = con_events_new(console->people, console->watch);
    console->endpoints = con_endpoints_new(console->line, console->people, console->watch);
    console->front =
        con_front_new(&(ConFrontOptions){ &console->conf, &console->identity, con_calls_answer, console->line });
    con_front_add(console->front, con_site_rows, console->site);
    con_front_add(console->front, con_people_rows, console->people);
    con_front_add(console->front, con_endpoints_rows, console->endpoints);
    con_front_add(console->front, con_events_rows, console->events);
    return con_front_start(console->front, error);
}

static Console *fail_start(const Console *console, GError **error)
{
    g_autofree char *command = con_identity_chown(&console->conf, console->path, g_get_user_name());

    if (command != NULL)
        hl_error_remedy(error, HL_ERROR_DENIED, _("the console runs as %s, who has to own its files; as root: %s"),
                        g_get_user_name(), command);
    return NULL;
}

Console *con_console_new(const char *path, GError **error)
{
    g_autoptr(Console) console = g_new0(Console, 1);
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);

    console->directory = g_path_get_dirname(absolute);
    console->path = g_steal_pointer(&absolute);
    if (!load_conf(console, &console->conf, error) || !con_renewal_mend(&console->conf, console->directory, error) ||
        !con_identity_load(&console->identity, &console->conf, console->directory, error))
        return fail_start(console, error);
    hl_log_set_level((HlLogLevel)console->conf.log_level);
    if (!wire(console, error))
        return fail_start(console, error);
    console->look = g_timeout_add_seconds(LOOK_EVERY, on_look, console);
    hl_info("console", "listening: https://%s", console->conf.listen);
    return g_steal_pointer(&console);
}

bool con_console_reload(Console *console, GError **error)
{
    ConConf conf = { 0 };
    bool done;

    if (!load_conf(console, &conf, error)) {
        hl_options_clear(con_conf_table(), &conf);
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++) {
        const HlOption *row = hl_option_find(con_conf_table(), fixed[i]);
        g_autofree char *was = hl_option_get(row, &console->conf);
        g_autofree char *now = hl_option_get(row, &conf);

        if (strcmp(was, now) == 0)
            continue;
        hl_warn("console", "%s takes effect at the next start", row->name);
        HL_IGNORE(hl_option_set(row, &conf, was, NULL)); /* it was taken before */
    }
    done = take_identity(console, &conf, error);
    if (done) {
        ConConf old = console->conf;

        console->conf = conf;
        conf = old;
        con_front_take_limits(console->front);
        hl_log_set_level((HlLogLevel)console->conf.log_level);
    }
    hl_options_clear(con_conf_table(), &conf);
    return done;
}

void con_console_free(Console *console)
{
    if (console == NULL)
        return;
    g_clear_handle_id(&console->look, g_source_remove);
    if (console->front != NULL)
        con_front_stop(console->front);
    con_line_free(console->line); /* answers what was asked, with an error */
    con_renewal_free(console->renewal);
    con_endpoints_free(console->endpoints);
    con_events_free(console->events);
    con_people_free(console->people);
    con_watch_free(console->watch);
    con_site_free(console->site);
    con_front_free(console->front);
    con_identity_clear(&console->identity);
    hl_options_clear(con_conf_table(), &console->conf);
    g_free(console->path);
    g_free(console->directory);
    g_free(console);
}
