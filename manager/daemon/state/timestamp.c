/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/timestamp.h"

#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/core/ends.h"
#include "manager/site/site.h"
#include "proto/updater_lines.h"

#define RESIGN_DEADLINE (5 * HL_MINUTE)
#define RESIGN_AGAIN    (10 * HL_MINUTE) /* after one that failed, or that did not help */
#define WARN_EVERY      HL_HOUR
#define MAX_KEY_SIZE    (64 * 1024)

struct MgrTimestamp {
    MgrTimestampOptions options;
    char *repository, *key; /* directory; the private key of the timestamp, if it is here */
    MgrTimestampView view;
    HlChild *resigner;
    HlTime resign_mono, warn_mono; /* not before then */
    HlTime renewing;               /* when what is being renewed was signed; 0: nothing is */
    MgrSignatureAge told;
    char *problem;     /* of the last renewal; NULL: it succeeded */
    char *roles_ended; /* the view's */
};

MgrTimestamp *mgr_timestamp_new(const MgrTimestampOptions *options)
{
    MgrTimestamp *timestamp = g_new0(MgrTimestamp, 1);

    timestamp->options = *options;
    timestamp->repository = mgr_site_path(options->dir, "repo");
    timestamp->key = mgr_site_path(options->dir, "repo/private/keys/timestamp-1.pem");
    return timestamp;
}

void mgr_timestamp_free(MgrTimestamp *timestamp)
{
    if (timestamp == NULL)
        return;
    g_clear_pointer(&timestamp->resigner, hl_child_abandon); /* the repository survives that */
    g_free(timestamp->repository);
    g_free(timestamp->key);
    g_free(timestamp->problem);
    g_free(timestamp->roles_ended);
    g_free(timestamp);
}

MgrTimestampView mgr_timestamp_view(const MgrTimestamp *timestamp)
{
    return timestamp->view;
}

/* --------------------------------------------------------------------------------------------------------- renewal */

/* A key in the clear that this user can read; an encrypted one is its holder's, who has a timer. */
static bool can_sign(const MgrTimestamp *timestamp)
{
    g_autofree char *pem = hl_file_read_text(timestamp->key, MAX_KEY_SIZE, NULL);
    bool plain = pem != NULL && strstr(pem, "-----BEGIN PRIVATE KEY-----") != NULL;

    if (pem != NULL)
        explicit_bzero(pem, strlen(pem));
    return plain;
}

static void keep_problem(MgrTimestamp *timestamp, const char *text)
{
    if (text != NULL)
        timestamp->renewing = 0;
    g_free(timestamp->problem);
    timestamp->problem = g_strdup(text);
    if (text != NULL)
        hl_log_limited(HL_LOG_WARN, "patterns", "resign", "renewing the repository's timestamp: %s", text);
}

static void on_resigned(const HlChildEnd *end, gpointer user)
{
    MgrTimestamp *timestamp = user;
    g_autofree char *errors = g_strstrip(g_strdup(end->errors));

    timestamp->resigner = NULL;
    if (end->exited && end->status == 0) {
        keep_problem(timestamp, NULL);
        hl_info("patterns", "the repository's timestamp was renewed");
        return;
    }
    keep_problem(timestamp, end->timed_out ? "it took too long" : *errors != '\0' ? errors : "the updater was killed");
}

static void renew_when_due(MgrTimestamp *timestamp, HlTime now)
{
    const char *argv[] = { timestamp->options.conf->updater_program, "repo", "resign", timestamp->repository, NULL };
    HlTime signed_at = mgr_patterns_signed(timestamp->options.patterns);
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    if (timestamp->resigner != NULL || hl_clock_mono() < timestamp->resign_mono ||
        mgr_patterns_is_mirror(timestamp->options.patterns) ||
        !mgr_signature_is_due(signed_at, timestamp->view.expires, now))
        return;
    timestamp->resign_mono = hl_clock_mono() + RESIGN_AGAIN;
    if (!can_sign(timestamp))
        return;
    spec.argv = argv;
    spec.deadline = RESIGN_DEADLINE;
    timestamp->resigner = hl_child_start(&spec, NULL, on_resigned, timestamp, &error);
    timestamp->renewing = signed_at;
    if (timestamp->resigner == NULL)
        keep_problem(timestamp, error->message);
}

bool mgr_timestamp_is_renewing(const MgrTimestamp *timestamp)
{
    return timestamp->renewing != 0 && timestamp->renewing == mgr_patterns_signed(timestamp->options.patterns) &&
           hl_clock_mono() < timestamp->resign_mono;
}

/* --------------------------------------------------------------------------------------------------------- warning */

/* The command that mends it, or nothing where nothing is wrong. */
static char *find_remedy(const MgrTimestamp *timestamp)
{
    if (timestamp->view.age < MGR_SIGNATURE_AGEING)
        return g_strdup("");
    return mgr_patterns_is_mirror(timestamp->options.patterns)
               ? g_strdup("holdline pattern sync")
               : g_strdup_printf("holdline-updater repo resign %s%s", timestamp->repository,
                                 timestamp->view.age == MGR_SIGNATURE_AHEAD ? " --force" : "");
}

static void write_log(const MgrTimestamp *timestamp, const char *remedy)
{
    g_autofree char *end = hl_time_format(timestamp->view.expires);
    const char *problem = timestamp->problem != NULL ? timestamp->problem : "";

    if (timestamp->view.age == MGR_SIGNATURE_GOOD)
        hl_info("patterns", "the repository's timestamp is good until %s", end);
    else if (timestamp->view.age == MGR_SIGNATURE_AGEING)
        hl_warn("patterns",
                "the repository's timestamp is past half of its life: endpoints refuse it from %s on; run: %s%s%s", end,
                remedy, *problem != '\0' ? "; the last renewal failed: " : "", problem);
    else if (timestamp->view.age == MGR_SIGNATURE_AHEAD)
        hl_warn("patterns",
                "the repository's timestamp, good until %s, was signed by a clock that was ahead, or the one of this "
                "server is behind: set the clock, then run: %s%s%s",
                end, remedy, *problem != '\0' ? "; the last renewal failed: " : "", problem);
    else if (timestamp->view.age == MGR_SIGNATURE_EXPIRED)
        hl_error("patterns", "the repository's timestamp expired %s: no endpoint can update from it; run: %s%s%s", end,
                 remedy, *problem != '\0' ? "; the last renewal failed: " : "", problem);
}

static void tell(MgrTimestamp *timestamp)
{
    MgrSignatureAge before = timestamp->told;
    MgrSignatureAge age = timestamp->view.age;
    g_autofree char *remedy = find_remedy(timestamp);
    g_autofree char *end = hl_time_format(timestamp->view.expires);
    HlTime now = hl_clock_mono();

    timestamp->told = age;
    mgr_status_set_repository(timestamp->options.status,
                              json_pack("{s:s, s:o, s:s}", "state", mgr_signature_age_name(age), "expires",
                                        timestamp->view.expires > 0 ? json_string(end) : json_null(), "remedy",
                                        remedy));
    /* that it is good is news only after it was not */
    if (age != before && MAX(age, before) >= MGR_SIGNATURE_AGEING) {
        mgr_status_server_event(timestamp->options.status, "repository", mgr_signature_age_name(before),
                                mgr_signature_age_name(age), remedy);
        timestamp->warn_mono = 0;
        if (age <= MGR_SIGNATURE_GOOD)
            write_log(timestamp, remedy);
    }
    if (age >= MGR_SIGNATURE_AGEING && now >= timestamp->warn_mono) {
        timestamp->warn_mono = now + WARN_EVERY;
        write_log(timestamp, remedy);
    }
}

/* ---------------------------------------------------------------------------------------------------- all its roles */

/* A component is none of them: of one that ended endpoints update the others. */
static bool is_of_all(const HlUpdaterEnd *role)
{
    return mgr_end_kind_of_role(role->role) != MGR_END_COMPONENT;
}

static HlTime find_refused_from(const MgrTimestamp *timestamp)
{
    const GPtrArray *roles = mgr_patterns_ends(timestamp->options.patterns);
    HlTime first = timestamp->view.expires;

    for (guint i = 0; i < roles->len; i++) {
        const HlUpdaterEnd *role = roles->pdata[i];

        if (is_of_all(role))
            first = MIN(first, role->end);
    }
    return first;
}

/* The timestamp has sentences of its own. */
static char *name_ended(const MgrTimestamp *timestamp, HlTime now)
{
    const GPtrArray *roles = mgr_patterns_ends(timestamp->options.patterns);
    bool is_copy = mgr_patterns_is_mirror(timestamp->options.patterns);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < roles->len; i++) {
        const HlUpdaterEnd *role = roles->pdata[i];
        MgrEnd end = { mgr_end_kind_of_role(role->role), "", 0, role->end };

        if (is_of_all(role) && end.kind != MGR_END_TIMESTAMP && now >= end.end)
            g_ptr_array_add(lines, mgr_end_warn(&end, timestamp->options.dir, is_copy, now));
    }
    if (lines->len == 0)
        return NULL;
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

void mgr_timestamp_tick(MgrTimestamp *timestamp)
{
    const MgrPatterns *patterns = timestamp->options.patterns;
    HlTime now = hl_clock_wall();

    timestamp->view.expires = mgr_patterns_expires(patterns);
    timestamp->view.age = mgr_signature_age(mgr_patterns_signed(patterns), timestamp->view.expires, now);
    timestamp->view.refused_from = find_refused_from(timestamp);
    g_free(timestamp->roles_ended);
    timestamp->view.roles_ended = timestamp->roles_ended = name_ended(timestamp, now);
    renew_when_due(timestamp, now);
    if (!mgr_timestamp_is_renewing(timestamp))
        tell(timestamp);
}
