/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/happenings.h"

#include <string.h>
#include <sys/statvfs.h>

#include "lib/base/log.h"
#include "manager/core/ends.h"
#include "manager/core/health.h"
#include "manager/daemon/ground/now.h"

#define MAX_ROWS    500              /* of each table in a second */
#define BLIND_GRACE (30 * HL_SECOND) /* a broker that is restarted is no news */
#define START_GRACE \
    (60 * HL_SECOND) /* until link, broker and ends have been looked at (the split: 15 s of link + look) */

struct MgrHappenings {
    MgrHappeningsOptions parts;
    MgrSeen seen;
    HlTime start_mono;
    HlTime blind_mono, sighted_mono; /* since when it cannot hear, 0: it can; since when it can */
    GHashTable *outdated;            /* number -> HlTime *, mono: since when it is known */
};

/* One poll. */
typedef struct {
    const MgrHappenings *happenings;
    MgrNoteFn fn;
    gpointer user;
} Poll;

MgrHappenings *mgr_happenings_new(const MgrHappeningsOptions *options)
{
    MgrHappenings *happenings = g_new0(MgrHappenings, 1);

    happenings->parts = *options;
    happenings->start_mono = hl_clock_mono();
    happenings->blind_mono = happenings->start_mono;
    happenings->outdated = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return happenings;
}

void mgr_happenings_free(MgrHappenings *happenings)
{
    if (happenings == NULL)
        return;
    g_hash_table_unref(happenings->outdated);
    g_free(happenings);
}

MgrSeen mgr_happenings_seen(const MgrHappenings *happenings)
{
    return happenings->seen;
}

bool mgr_happenings_load(MgrHappenings *happenings, GError **error)
{
    HlDb *db = mgr_record_reader(happenings->parts.record);
    bool is_there = false;

    return mgr_registry_read_seen(db, &happenings->seen, &is_there, error) &&
           (is_there || mgr_registry_read_last(db, &happenings->seen, error));
}

/* ---------------------------------------------------------------------------------------------------- what happened */

/* Changes of who may do what; what people do with their own session is none. */
static bool is_of_account(const char *call)
{
    static const char *const rooms[] = { "account ", "admin ", "monitor ", "console ", "token ", "code " };

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++)
        if (g_str_has_prefix(call, rooms[i]) && strcmp(call, "console renew") != 0)
            return true;
    return false;
}

static void on_audit(const MgrHappening *row, gpointer user)
{
    const Poll *poll = user;
    g_autofree char *detail = g_strdup_printf("%s: %s", row->what, row->detail);
    MgrNote note = { .name = row->name, .detail = detail, .at = row->at };

    if (strcmp(row->code, hl_error_name(HL_ERROR_DENIED)) == 0)
        note.kind = MGR_NOTE_DENIED;
    else if (*row->code == '\0' && is_of_account(row->what))
        note.kind = MGR_NOTE_ACCOUNT;
    else
        return;
    poll->fn(&note, NULL, poll->user);
}

/* Of an endpoint, under its host's name; of a roll-out under its id. */
static void on_endpoint(const MgrHappening *row, gpointer user)
{
    const Poll *poll = user;
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(poll->happenings->parts.fleet, row->endpoint);
    MgrNote note = { .name = row->name, .detail = row->detail, .at = row->at };

    if (!mgr_note_parse(row->what, &note.kind))
        return;
    if (*row->name == '\0')
        note.name = endpoint != NULL && *endpoint->record.host != '\0' ? endpoint->record.host : row->endpoint;
    poll->fn(&note, endpoint != NULL ? endpoint->record.group : NULL, poll->user);
}

/* Rows of the history are pruned, and numbers of pruned ones may be given again. */
static bool read_on(MgrHappenings *happenings, Poll *poll, GError **error)
{
    HlDb *db = mgr_record_committed(happenings->parts.record);
    MgrSeen last, *seen = &happenings->seen;

    if (!mgr_registry_read_last(db, &last, error))
        return false;
    seen->history = MIN(seen->history, last.history);
    seen->detection = MIN(seen->detection, last.detection);
    seen->audit = MIN(seen->audit, last.audit);
    return (seen->history == last.history || mgr_registry_happened_history(db, seen->history, last.history, MAX_ROWS,
                                                                           on_endpoint, poll, &seen->history, error)) &&
           (seen->detection == last.detection ||
            mgr_registry_happened_detection(db, seen->detection, last.detection, MAX_ROWS, on_endpoint, poll,
                                            &seen->detection, error)) &&
           (seen->audit == last.audit ||
            mgr_registry_happened_audit(db, seen->audit, last.audit, MAX_ROWS, on_audit, poll, &seen->audit, error));
}

void mgr_happenings_poll(MgrHappenings *happenings, MgrNoteFn fn, gpointer user)
{
    Poll poll = { happenings, fn, user };
    g_autoptr(GError) error = NULL;

    if (!read_on(happenings, &poll, &error))
        hl_log_limited(HL_LOG_ERROR, "notification", "happened", "what happened cannot be read: %s", error->message);
}

/* ---------------------------------------------------------------------------------------------- the server's states */

/* One look. */
typedef struct {
    MgrHappenings *happenings;
    MgrStateFn fn;
    gpointer user;
    MgrStatusView view;
    MgrNow now;
    guint read; /* kinds */
} Look;

static void tell(const Look *look, MgrNoteKind kind, const char *key, const char *name, const char *detail)
{
    bool is_young = kind == MGR_NOTE_BLIND && look->now.mono - look->happenings->blind_mono < BLIND_GRACE;

    look->fn(key, &(MgrNote){ .kind = kind, .name = name, .detail = detail, .at = look->now.wall }, is_young,
             look->user);
}

static void look_at_broker(const Look *look)
{
    static const struct {
        MgrProblem problem;
        const char *key;
    } rows[] = { { MGR_PROBLEM_BROKER_RELOAD, "reload" },   { MGR_PROBLEM_BROKER_SPLIT, "split" },
                 { MGR_PROBLEM_BROKER_REFUSED, "refused" }, { MGR_PROBLEM_BROKER_AWAY, "away" },
                 { MGR_PROBLEM_BROKER_DRAINED, "drained" }, { MGR_PROBLEM_BROKER_HUNG, "hung" } };

    if (look->happenings->blind_mono != 0)
        tell(look, MGR_NOTE_BLIND, "", "", "'holdline doctor' on the server says why");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (look->view.problems[rows[i].problem] != NULL)
            tell(look, MGR_NOTE_BROKER, rows[i].key, "", look->view.problems[rows[i].problem]);
}

static void look_at_disk(Look *look)
{
    struct statvfs disk;
    g_autofree char *free = NULL;

    if (statvfs(look->happenings->parts.dir, &disk) != 0)
        return;
    look->read |= MGR_NOTE_BIT(MGR_NOTE_DISK);
    if (!mgr_disk_is_short((uint64_t)disk.f_bavail * disk.f_frsize, (uint64_t)disk.f_blocks * disk.f_frsize))
        return;
    free = g_format_size_full((uint64_t)disk.f_bavail * disk.f_frsize, G_FORMAT_SIZE_IEC_UNITS);
    tell(look, MGR_NOTE_DISK, "", free, look->happenings->parts.dir);
}

/* Before it was read there is no age, and so where there is no repository. */
static void look_at_repository(Look *look)
{
    MgrTimestampView view;
    g_autofree char *end = NULL;

    if (look->happenings->parts.timestamp == NULL)
        return;
    view = mgr_timestamp_view(look->happenings->parts.timestamp);
    end = hl_time_format(view.expires);
    if (view.age != MGR_SIGNATURE_NONE)
        look->read |= MGR_NOTE_BIT(MGR_NOTE_REPOSITORY);
    if (view.age == MGR_SIGNATURE_AGEING || view.age == MGR_SIGNATURE_EXPIRED)
        tell(look, MGR_NOTE_REPOSITORY, "", end, "'holdline status' has the remedy");
}

/* Of a repository that was not read yet nothing is known. */
static void look_at_patterns(Look *look)
{
    const char *problem = look->view.problems[MGR_PROBLEM_PATTERNS_OLD];

    if (*look->happenings->parts.fleet->latest != '\0')
        look->read |= MGR_NOTE_BIT(MGR_NOTE_PATTERNS_OLD);
    if (problem != NULL)
        tell(look, MGR_NOTE_PATTERNS_OLD, "", "", problem);
}

/* Of the files nothing is known before the repository was read. */
static void look_at_problems(Look *look)
{
    static const struct {
        MgrProblem problem;
        MgrNoteKind kind;
    } rows[] = { { MGR_PROBLEM_AUDIT, MGR_NOTE_AUDIT },
                 { MGR_PROBLEM_CLOCK, MGR_NOTE_CLOCK },
                 { MGR_PROBLEM_REPOSITORY, MGR_NOTE_FILES } };

    if (*look->happenings->parts.fleet->latest != '\0')
        look->read |= MGR_NOTE_BIT(MGR_NOTE_FILES);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (look->view.problems[rows[i].problem] != NULL)
            tell(look, rows[i].kind, "", "", look->view.problems[rows[i].problem]);
}

/* Told when it is near, and again when it is over with it. */
static void look_at_ends(const Look *look)
{
    const json_t *end;
    size_t i;

    json_array_foreach(look->view.ends, i, end)
    {
        const char *state = json_string_value(json_object_get(end, "state"));
        g_autofree char *name = g_strdup_printf("%s %s", json_string_value(json_object_get(end, "kind")),
                                                json_string_value(json_object_get(end, "name")));
        g_autofree char *detail = g_strdup_printf("%s; %s", json_string_value(json_object_get(end, "end")),
                                                  json_string_value(json_object_get(end, "remedy")));
        g_autofree char *past = g_strdup_printf("%s (ended)", g_strchomp(name));

        tell(look, MGR_NOTE_END, name, name, detail);
        if (g_strcmp0(state, mgr_end_grade_name(MGR_END_PAST)) == 0)
            tell(look, MGR_NOTE_END, past, past, detail);
    }
}

static void look_at_sight(MgrHappenings *happenings, bool blind, HlTime now)
{
    if (blind == (happenings->blind_mono != 0))
        return;
    happenings->blind_mono = blind ? now : 0;
    happenings->sighted_mono = now;
}

guint mgr_happenings_server(MgrHappenings *happenings, MgrStateFn fn, gpointer user)
{
    Look look = { happenings, fn, user, mgr_status_view(happenings->parts.status), mgr_now(), 0 };

    look_at_sight(happenings, look.view.blind, look.now.mono);
    if (look.now.mono - happenings->start_mono >= START_GRACE)
        look.read = MGR_NOTE_BIT(MGR_NOTE_BLIND) | MGR_NOTE_BIT(MGR_NOTE_END) | MGR_NOTE_BIT(MGR_NOTE_AUDIT) |
                    MGR_NOTE_BIT(MGR_NOTE_CLOCK);
    if (happenings->blind_mono == 0 && look.now.mono - happenings->sighted_mono >= START_GRACE)
        look.read |= MGR_NOTE_BIT(MGR_NOTE_BROKER); /* of which nothing is known without a link */
    look_at_broker(&look);
    look_at_disk(&look);
    look_at_repository(&look);
    look_at_patterns(&look);
    look_at_problems(&look);
    look_at_ends(&look);
    return look.read;
}

bool mgr_happenings_hears(MgrHappenings *happenings)
{
    HlTime now = hl_clock_mono();

    look_at_sight(happenings, mgr_status_view(happenings->parts.status).blind, now);
    return happenings->blind_mono == 0 && now - happenings->sighted_mono >= happenings->parts.conf->reconnect_window;
}

/* -------------------------------------------------------------------------------------------------------- endpoints */

bool mgr_happenings_is_offline(const MgrEndpoint *endpoint, HlTime after, bool is_told, HlTime now)
{
    const MgrPresence *presence = &endpoint->record.presence;

    return presence->actual == MGR_ACTUAL_OFFLINE && (is_told || now - presence->since_wall >= after);
}

bool mgr_happenings_is_outdated(MgrHappenings *happenings, const MgrEndpoint *endpoint, HlTime after, bool is_told)
{
    int64_t number = endpoint->record.number;
    HlTime *since, now = hl_clock_mono();

    if (!endpoint->tally.is_counted)
        return is_told; /* nobody has looked since the start */
    if (!endpoint->tally.outdated) {
        g_hash_table_remove(happenings->outdated, &number);
        return false;
    }
    since = g_hash_table_lookup(happenings->outdated, &number);
    if (since == NULL) {
        since = g_memdup2(&now, sizeof now);
        g_hash_table_insert(happenings->outdated, g_memdup2(&number, sizeof number), since);
    }
    return is_told || now - *since >= after;
}
