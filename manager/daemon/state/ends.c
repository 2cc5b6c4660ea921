/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/ends.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/daemon/ground/accounts.h"
#include "manager/site/site.h"
#include "proto/updater_lines.h"

#define LOOK_EVERY   HL_DAY
#define LOG_EVERY    (HL_DAY - HL_MINUTE) /* a day's look is not a minute short of it */
#define MAX_KEPT     200                  /* the soonest; the metric has a line for each */
#define MAX_WARNINGS 3                    /* beside an answer */

/* One thing, and what was told of it. */
typedef struct {
    MgrEnd end;
    char *name, *key; /* "admin/ann" */
    MgrEndGrade grade;
    HlTime logged_mono; /* 0: never */
} Item;

struct MgrEnds {
    MgrEndsOptions parts;
    GPtrArray *items; /* Item *, the soonest first */
    bool has_looked;
    HlTime next_wall, looked_wall;
    uint64_t seen_certificates; /* of fleet->named_changes */
    uint64_t seen_announced;    /* of its places: an authority may have ended */
    HlTime seen_signed;
    bool seen_renewing;
};

static void item_free(gpointer data)
{
    Item *item = data;

    g_free(item->name);
    g_free(item->key);
    g_free(item);
}

MgrEnds *mgr_ends_new(const MgrEndsOptions *options)
{
    MgrEnds *ends = g_new0(MgrEnds, 1);

    ends->parts = *options;
    ends->items = g_ptr_array_new_with_free_func(item_free);
    return ends;
}

void mgr_ends_free(MgrEnds *ends)
{
    if (ends == NULL)
        return;
    g_ptr_array_unref(ends->items);
    g_free(ends);
}

void mgr_ends_touch(MgrEnds *ends)
{
    ends->has_looked = false;
}

/* -------------------------------------------------------------------------------------------------------- gathering */

static void add(GPtrArray *items, MgrEndKind kind, const char *name, HlTime begin, HlTime end)
{
    Item *item = g_new0(Item, 1);

    item->name = g_strdup(name);
    item->key = g_strdup_printf("%s/%s", mgr_end_kind_name(kind), name);
    item->end = (MgrEnd){ kind, item->name, begin, end };
    g_ptr_array_add(items, item);
}

static HlTime end_of(const MgrEnds *ends, const MgrCertificateRecord *record)
{
    return mgr_place_end_of(&ends->parts.fleet->places.announced, record,
                            hl_cert_info(mgr_pki_authority(ends->parts.pki))->not_before);
}

/* Nobody calls by that name until it is enabled, which is a change of names too. */
static bool is_disabled(const MgrEnds *ends, const MgrCertificateRecord *record)
{
    const MgrAccountRecord *account = mgr_accounts_get(ends->parts.fleet->accounts, record->name);

    return account != NULL && account->disabled_at > 0;
}

/* Whose certificate is not revoked; of several the one that ends last. */
static void add_people(const MgrEnds *ends, GPtrArray *items, HlCertKind of, MgrEndKind kind)
{
    g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal); /* name -> record, borrowed */
    const char *word = hl_cert_kind_name(of);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, ends->parts.fleet->named);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;
        const MgrCertificateRecord *known = g_hash_table_lookup(last, record->name);

        if (record->revoked_at == 0 && strcmp(record->kind, word) == 0 && !is_disabled(ends, record) &&
            (known == NULL || end_of(ends, known) < end_of(ends, record)))
            g_hash_table_replace(last, record->name, record);
    }
    g_hash_table_iter_init(&iter, last);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        add(items, kind, record->name, record->issued_at, end_of(ends, record));
    }
}

static void add_cert(GPtrArray *items, MgrEndKind kind, const HlCert *cert)
{
    const HlCertInfo *info = hl_cert_info(cert);

    add(items, kind, "", info->not_before, info->not_after);
}

static void add_file(const MgrEnds *ends, GPtrArray *items, MgrEndKind kind, const char *name)
{
    g_autofree char *path = mgr_site_path(ends->parts.dir, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = hl_cert_load(path, &error);

    if (cert != NULL)
        add_cert(items, kind, cert);
    else
        hl_log_limited(HL_LOG_WARN, "ends", name, "when it ends is not known: %s", error->message);
}

static void add_roles(const MgrEnds *ends, GPtrArray *items)
{
    const GPtrArray *roles = mgr_patterns_ends(ends->parts.patterns);

    for (guint i = 0; i < roles->len; i++) {
        const HlUpdaterEnd *role = roles->pdata[i];
        MgrEndKind kind = mgr_end_kind_of_role(role->role);

        add(items, kind, kind == MGR_END_COMPONENT ? role->role : "", 0, role->end);
    }
}

static int compare_items(gconstpointer a, gconstpointer b)
{
    return mgr_end_compare(&(*(const Item *const *)a)->end, &(*(const Item *const *)b)->end);
}

/* Those whose end is long past would take the places of those to come. */
static void drop_forgotten(GPtrArray *items, HlTime now)
{
    for (guint i = items->len; i-- > 0;) {
        const MgrEnd *end = &((const Item *)items->pdata[i])->end;

        if (end->end <= now && mgr_end_grade(end, now) == MGR_END_QUIET)
            g_ptr_array_remove_index(items, i);
    }
    if (items->len > MAX_KEPT)
        g_ptr_array_set_size(items, MAX_KEPT);
}

/* The site's own, and the repository's. */
static void add_own(const MgrEnds *ends, GPtrArray *items)
{
    add_file(ends, items, MGR_END_SERVER, "pki/server.pem");
    add_file(ends, items, MGR_END_MANAGER, "pki/manager.pem");
    add_cert(items, MGR_END_CA, mgr_pki_authority(ends->parts.pki));
    add_roles(ends, items);
}

static GPtrArray *gather(const MgrEnds *ends, HlTime now)
{
    GPtrArray *items = g_ptr_array_new_with_free_func(item_free);

    add_people(ends, items, HL_CERT_ADMIN, MGR_END_ADMIN);
    add_people(ends, items, HL_CERT_MONITOR, MGR_END_MONITOR);
    add_people(ends, items, HL_CERT_CONSOLE, MGR_END_CONSOLE);
    add_own(ends, items);
    g_ptr_array_sort(items, compare_items);
    drop_forgotten(items, now);
    return items;
}

/* ---------------------------------------------------------------------------------------------------------- telling */

static char *find_remedy(const MgrEnds *ends, const Item *item)
{
    return mgr_end_remedy(&item->end, ends->parts.dir, mgr_patterns_is_mirror(ends->parts.patterns));
}

/* The timestamp is told of, and renewed, by state/timestamp. */
static bool is_told_here(const Item *item)
{
    return item->end.kind != MGR_END_TIMESTAMP;
}

/* 'repo resign' renews whatever takes no ceremony. */
static bool is_being_renewed(const MgrEnds *ends, const Item *item)
{
    MgrEndKind kind = item->end.kind;

    return mgr_end_is_role(kind) && kind != MGR_END_ROOT && kind != MGR_END_TARGETS &&
           mgr_timestamp_is_renewing(ends->parts.timestamp);
}

static void tell_event(const MgrEnds *ends, const Item *item, MgrEndGrade before, HlTime now)
{
    bool is_named = mgr_end_sight(item->end.kind, item->name, NULL) == MGR_END_SHOWN;
    MgrEnd end = { item->end.kind, is_named ? item->name : "", item->end.begin, item->end.end };
    g_autofree char *text = mgr_end_describe(&end, now);

    if (item->grade != before)
        mgr_status_server_event(ends->parts.status, "end", mgr_end_grade_name(before), mgr_end_grade_name(item->grade),
                                text);
}

static void tell_log(const MgrEnds *ends, Item *item, HlTime now)
{
    g_autofree char *text = mgr_end_describe(&item->end, now);
    g_autofree char *remedy = find_remedy(ends, item);
    HlTime mono = hl_clock_mono();

    if (item->grade == MGR_END_QUIET || (item->logged_mono != 0 && mono - item->logged_mono < LOG_EVERY))
        return;
    item->logged_mono = mono;
    hl_log(item->grade == MGR_END_NEAR ? HL_LOG_WARN : HL_LOG_ERROR, "ends", "%s; remedy: %s", text, remedy);
}

static Item *find_item(const GPtrArray *items, const char *key)
{
    for (guint i = 0; i < items->len; i++)
        if (strcmp(((const Item *)items->pdata[i])->key, key) == 0)
            return items->pdata[i];
    return NULL;
}

/* A thing that was renewed is another one: what was told of it counts no more, but that it is good again is news. */
static void tell(const MgrEnds *ends, const GPtrArray *older, HlTime now)
{
    for (guint i = 0; i < ends->items->len; i++) {
        Item *item = ends->items->pdata[i];
        const Item *before = find_item(older, item->key);

        item->grade = !is_being_renewed(ends, item) ? mgr_end_grade(&item->end, now)
                      : before != NULL              ? before->grade
                                                    : MGR_END_QUIET;
        if (before != NULL && before->end.end == item->end.end && before->grade == item->grade)
            item->logged_mono = before->logged_mono;
        if (!is_told_here(item))
            continue;
        tell_event(ends, item, before != NULL ? before->grade : MGR_END_QUIET, now);
        tell_log(ends, item, now);
    }
}

static json_t *item_document(const MgrEnds *ends, const Item *item, MgrEndGrade grade)
{
    g_autofree char *end = hl_time_format(item->end.end);
    g_autofree char *remedy = find_remedy(ends, item);

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", mgr_end_kind_name(item->end.kind), "name", item->name, "end",
                     end, "state", mgr_end_grade_name(grade), "remedy", remedy);
}

static void tell_summary(const MgrEnds *ends)
{
    json_t *array = json_array();

    for (guint i = 0; i < ends->items->len; i++) {
        const Item *item = ends->items->pdata[i];

        if (item->grade != MGR_END_QUIET)
            json_array_append_new(array, item_document(ends, item, item->grade));
    }
    mgr_status_set_ends(ends->parts.status, array);
}

json_t *mgr_ends_own(const MgrEnds *ends)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(item_free);
    json_t *array = json_array();
    HlTime now = hl_clock_wall();

    add_own(ends, items);
    g_ptr_array_sort(items, compare_items);
    for (guint i = 0; i < items->len; i++) {
        const Item *item = items->pdata[i];

        json_array_append_new(array, item_document(ends, item, mgr_end_grade(&item->end, now)));
    }
    return array;
}

/* ---------------------------------------------------------------------------------------------------------- looking */

static HlTime find_next(const GPtrArray *items, HlTime now)
{
    HlTime next = now + LOOK_EVERY;

    for (guint i = 0; i < items->len; i++) {
        HlTime step = mgr_end_next(&((const Item *)items->pdata[i])->end, now);

        if (step != 0)
            next = MIN(next, step);
    }
    return next;
}

static void look(MgrEnds *ends, HlTime now)
{
    g_autoptr(GPtrArray) older = ends->items;

    ends->items = gather(ends, now);
    ends->has_looked = true;
    ends->looked_wall = now;
    ends->next_wall = find_next(ends->items, now);
    ends->seen_certificates = ends->parts.fleet->named_changes;
    ends->seen_announced = ends->parts.fleet->places.announced.counter;
    ends->seen_signed = mgr_patterns_signed(ends->parts.patterns);
    ends->seen_renewing = mgr_timestamp_is_renewing(ends->parts.timestamp);
    tell(ends, older, now);
    tell_summary(ends);
}

void mgr_ends_tick(MgrEnds *ends)
{
    HlTime now = hl_clock_wall();

    if (!ends->has_looked || now >= ends->next_wall || now < ends->looked_wall ||
        ends->seen_certificates != ends->parts.fleet->named_changes ||
        ends->seen_announced != ends->parts.fleet->places.announced.counter ||
        ends->seen_signed != mgr_patterns_signed(ends->parts.patterns) ||
        ends->seen_renewing != mgr_timestamp_is_renewing(ends->parts.timestamp))
        look(ends, now);
}

/* -------------------------------------------------------------------------------------------------- who asks for it */

static bool is_own(const Item *item, const char *caller)
{
    return item->end.kind == MGR_END_ADMIN && strcmp(item->name, caller) == 0;
}

static void warn(const MgrEnds *ends, const Item *item, GStrvBuilder *lines)
{
    g_autofree char *line =
        mgr_end_warn(&item->end, ends->parts.dir, mgr_patterns_is_mirror(ends->parts.patterns), hl_clock_wall());

    g_strv_builder_add(lines, line);
}

GStrv mgr_ends_warnings(MgrEnds *ends, const MgrCaller *caller)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    const char *broker = mgr_rereader_problem(mgr_pki_rereader(ends->parts.pki));
    guint due = 0;

    mgr_ends_tick(ends); /* of what was renewed a moment ago nobody is warned */
    if (broker != NULL && caller->groups == NULL)
        g_strv_builder_add(lines, broker);
    for (int own = 1; own >= 0; own--) {
        for (guint i = 0; i < ends->items->len; i++) {
            const Item *item = ends->items->pdata[i];

            if (item->grade == MGR_END_QUIET || is_own(item, caller->account) != (own == 1) ||
                mgr_end_sight(item->end.kind, item->name, caller) != MGR_END_SHOWN)
                continue;
            if (due++ < MAX_WARNINGS)
                warn(ends, item, lines);
        }
    }
    if (due == 0 && broker == NULL)
        return NULL;
    if (due > MAX_WARNINGS) {
        g_autofree char *more =
            g_strdup_printf("%u more ends are near: 'holdline status' lists them", due - MAX_WARNINGS);

        g_strv_builder_add(lines, more);
    }
    return g_strv_builder_end(lines);
}

void mgr_ends_print_metric(const MgrEnds *ends, GString *out)
{
    HlTime now = hl_clock_wall();

    g_string_append(out, "# HELP holdline_end_seconds Time until a certificate or a role of the repository ends; 0: it "
                         "has\n# TYPE holdline_end_seconds gauge\n");
    /* names are identifiers: nothing in them has to be escaped */
    for (guint i = 0; i < ends->items->len; i++) {
        const Item *item = ends->items->pdata[i];

        g_string_append_printf(out, "holdline_end_seconds{kind=\"%s\",name=\"%s\"} %" G_GINT64_FORMAT "\n",
                               mgr_end_kind_name(item->end.kind), item->name, MAX(item->end.end - now, 0) / HL_SECOND);
    }
}
