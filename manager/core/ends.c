/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/ends.h"

#include <inttypes.h>
#include <string.h>

#include <glib.h>

#include "lib/base/i18n.h"

#define LEAD         (60 * HL_DAY)
#define LIFE_PART    4 /* of a life that is known: what renews itself does so in its last third */
#define RENEWAL_PART 3
#define GAIN_PART    10
#define URGENT_PART  4             /* of the lead */
#define REMEMBERED   (60 * HL_DAY) /* a person's certificate that nobody renewed for so long is not missed */

#define UNNAMED N_("'holdline status' of an owner says whose")

/* It renews itself as far as the authority lasts, so what is left is the authority's end. */
#define WITH_CA N_("holdline server rollover start ca, which has it signed again by the authority that follows")

typedef struct {
    const char *name;    /* of the kind */
    const char *subject; /* of the sentence; {name} */
    HlTime lead;
    bool is_role;        /* of the repository */
    const char *unnamed; /* of a person, who may have left: the subject where the name is not told; else NULL */
    const char *remedy;  /* {name}, {site} */
} Row;

/* Snapshot and timestamp live 7 and 3 days and are signed daily; a component lives 30 and is signed again after half of
 * that.  Root and targets need their holders' keys: 60 days to meet. */
static const Row rows[] = {
    [MGR_END_ADMIN] = { "admin", N_("the certificate of account '{name}'"), LEAD, false,
                        N_("the certificate of an account"),
                        N_("on the server: holdline account certificate {name} --site {site}") },
    [MGR_END_MONITOR] = { "monitor", N_("the certificate of monitor '{name}'"), LEAD, false,
                          N_("the certificate of a monitor"),
                          N_("where its key is, with its own holdline.conf: holdline monitor renew {name}; once it has "
                             "ended: holdline monitor revoke {name}, then holdline monitor create {name} --output DIR, "
                             "the directory where it is") },
    [MGR_END_CONSOLE] = { "console", N_("the certificate of console '{name}'"), LEAD, false,
                          N_("the certificate of a console"),
                          N_("start it: while it runs it renews itself; once it has ended: holdline console revoke "
                             "{name}, then holdline console create {name} --output DIR, the directory where it is") },
    [MGR_END_SERVER] = { "server", N_("the server's certificate"), LEAD, false, NULL, WITH_CA },
    [MGR_END_MANAGER] = { "manager", N_("the manager's own certificate"), LEAD, false, NULL, WITH_CA },
    [MGR_END_CA] = { "ca", N_("the certificate authority"), LEAD, false, NULL,
                     N_("holdline server rollover start ca; once it has ended, on the server: holdline account "
                        "certificate NAME --site {site}") },
    [MGR_END_ROOT] = { "root", N_("the pattern repository's role root"), LEAD, true, NULL,
                       "holdline-updater repo root rotate {site}/repo root" },
    [MGR_END_TARGETS] = { "targets", N_("the pattern repository's role targets"), LEAD, true, NULL,
                          "holdline-updater repo root rotate {site}/repo targets" },
    [MGR_END_SNAPSHOT] = { "snapshot", N_("the pattern repository's snapshot"), 84 * HL_HOUR, true, NULL,
                           "holdline-updater repo resign {site}/repo" },
    [MGR_END_TIMESTAMP] = { "timestamp", N_("the pattern repository's timestamp"), 36 * HL_HOUR, true, NULL,
                            "holdline-updater repo resign {site}/repo" },
    [MGR_END_COMPONENT] = { "component", N_("the signature of the patterns '{name}'"), 10 * HL_DAY, true, NULL,
                            "holdline-updater repo resign {site}/repo" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(rows) == MGR_N_ENDS);

const char *mgr_end_kind_name(MgrEndKind kind)
{
    return rows[kind].name;
}

bool mgr_end_kind_parse(const char *name, MgrEndKind *kind)
{
    for (MgrEndKind at = 0; at < MGR_N_ENDS; at++) {
        if (strcmp(rows[at].name, name) != 0)
            continue;
        *kind = at;
        return true;
    }
    return false;
}

bool mgr_end_is_role(MgrEndKind kind)
{
    return rows[kind].is_role;
}

MgrEndKind mgr_end_kind_of_role(const char *role)
{
    for (MgrEndKind kind = MGR_END_ROOT; kind < MGR_END_COMPONENT; kind++)
        if (strcmp(rows[kind].name, role) == 0)
            return kind;
    return MGR_END_COMPONENT;
}

const char *mgr_end_grade_name(MgrEndGrade grade)
{
    static const char *const names[] = {
        [MGR_END_QUIET] = "quiet", [MGR_END_NEAR] = "near", [MGR_END_URGENT] = "urgent", [MGR_END_PAST] = "past"
    };

    return names[grade];
}

/* Roles live by the publisher's rules, and when they were signed is not always known: their lead is fixed. */
static HlTime find_lead(const MgrEnd *end)
{
    const Row *row = &rows[end->kind];

    return !row->is_role && end->begin > 0 && end->begin < end->end
               ? MIN(row->lead, (end->end - end->begin) / LIFE_PART)
               : row->lead;
}

MgrEndSight mgr_end_sight(MgrEndKind kind, const char *name, const MgrCaller *caller)
{
    bool is_person = rows[kind].unnamed != NULL;

    if (!is_person ||
        (caller != NULL && (strcmp(name, caller->account) == 0 || mgr_role_may(caller->role, MGR_NEED_OWN))))
        return MGR_END_SHOWN;
    if (caller == NULL) /* anyone who reads the topics may be a monitor, and learn of its own end there */
        return kind == MGR_END_ADMIN ? MGR_END_NAMELESS : MGR_END_SHOWN;
    return caller->groups == NULL ? MGR_END_NAMELESS : MGR_END_HIDDEN;
}

static bool is_unnamed(const MgrEnd *end)
{
    return rows[end->kind].unnamed != NULL && *end->name == '\0';
}

/* The times at which the grade changes, in order: to near, urgent, past, quiet (0: it stays past). */
static void find_steps(const MgrEnd *end, HlTime steps[4])
{
    HlTime lead = find_lead(end);

    steps[0] = end->end - lead;
    steps[1] = end->end - lead / URGENT_PART;
    steps[2] = end->end;
    steps[3] = rows[end->kind].unnamed != NULL ? end->end + REMEMBERED : 0;
}

MgrEndGrade mgr_end_grade(const MgrEnd *end, HlTime now)
{
    HlTime steps[4];

    find_steps(end, steps);
    if (now < steps[0] || (steps[3] != 0 && now >= steps[3]))
        return MGR_END_QUIET;
    return now >= steps[2] ? MGR_END_PAST : now >= steps[1] ? MGR_END_URGENT : MGR_END_NEAR;
}

HlTime mgr_end_next(const MgrEnd *end, HlTime now)
{
    HlTime steps[4];

    find_steps(end, steps);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i] > now)
            return steps[i];
    return 0;
}

static char *fill_in(const char *pattern, const char *name, const char *site)
{
    g_autoptr(GString) text = g_string_new(pattern);

    g_string_replace(text, "{site}", site, 0);
    g_string_replace(text, "{name}", name, 0);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *describe_distance(HlTime distance)
{
    return distance >= 2 * HL_DAY ? g_strdup_printf(_("%" PRId64 " days"), distance / HL_DAY)
                                  : hl_duration_describe(distance);
}

static char *say_end(bool is_past, const char *subject, const char *time, const char *apart)
{
    return is_past ? g_strdup_printf(_("%s ended on %s, %s ago"), subject, time, apart)
                   : g_strdup_printf(_("%s ends on %s, in %s"), subject, time, apart);
}

char *mgr_end_describe(const MgrEnd *end, HlTime now)
{
    bool is_past = now >= end->end;
    HlTime distance = is_past ? now - end->end : end->end - now;
    const char *pattern = hl_tr(is_unnamed(end) ? rows[end->kind].unnamed : rows[end->kind].subject);
    g_autofree char *subject = fill_in(pattern, end->name, "");
    g_autofree char *time = hl_time_format(end->end);
    g_autofree char *apart = describe_distance(distance);

    if (distance >= 2 * HL_DAY)
        time[strcspn(time, "T")] = '\0'; /* the day is enough */
    return say_end(is_past, subject, time, apart);
}

char *mgr_end_remedy(const MgrEnd *end, const char *site, bool is_copy)
{
    if (is_unnamed(end))
        return g_strdup(hl_tr(UNNAMED));
    return is_copy && rows[end->kind].is_role ? g_strdup("holdline pattern sync")
                                              : fill_in(hl_tr(rows[end->kind].remedy), end->name, site);
}

/* ----------------------------------------------------------------------------------------- in the reader's language */

#define JOINT "; remedy: "

char *mgr_end_warn(const MgrEnd *end, const char *site, bool is_copy, HlTime now)
{
    g_autofree char *text = mgr_end_describe(end, now);
    g_autofree char *remedy = mgr_end_remedy(end, site, is_copy);

    return g_strconcat(text, JOINT, remedy, NULL);
}

/* What stands at the place in a text that was made from the pattern, which has it once at most.  NULL: it was not. */
static char *read_place(const char *text, const char *pattern, const char *place)
{
    const char *at = strstr(pattern, place);
    gsize front = at != NULL ? (gsize)(at - pattern) : strlen(pattern);
    const char *rest = at != NULL ? at + strlen(place) : "";
    gsize length = strlen(text);

    if (strncmp(text, pattern, front) != 0 || length < front + strlen(rest) || !g_str_has_suffix(text, rest) ||
        (at == NULL && length != front))
        return NULL;
    return g_strndup(text + front, length - front - strlen(rest));
}

char *mgr_end_translate_remedy(MgrEndKind kind, const char *name, const char *remedy)
{
    g_autofree char *pattern = fill_in(rows[kind].remedy, name, "{site}");
    g_autofree char *site = read_place(remedy, pattern, "{site}");

    if (strcmp(remedy, UNNAMED) == 0)
        return g_strdup(hl_tr(UNNAMED));
    return site != NULL ? fill_in(hl_tr(rows[kind].remedy), name, site) : g_strdup(remedy);
}

/* Kind and name of a subject; the name is "" where it is not told.  NULL: it is none. */
static char *read_subject(const char *subject, MgrEndKind *kind)
{
    for (*kind = 0; *kind < MGR_N_ENDS; (*kind)++) {
        char *name = read_place(subject, rows[*kind].subject, "{name}");

        if (name == NULL && g_strcmp0(subject, rows[*kind].unnamed) == 0)
            name = g_strdup("");
        if (name != NULL)
            return name;
    }
    return NULL;
}

static char *translate_distance(const char *distance)
{
    guint64 days;
    g_autofree char *number = read_place(distance, "{n} days", "{n}");

    return number != NULL && g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT64, &days, NULL)
               ? g_strdup_printf(_("%" PRId64 " days"), (int64_t)days)
               : g_strdup(distance);
}

/* "SUBJECT ends on TIME, in DISTANCE", or the same of one that has; the parts of the text, which is cut. */
static bool cut_sentence(char *text, bool *is_past, char **time, char **distance)
{
    static const struct {
        const char *on, *before, *behind;
    } forms[] = { { " ends on ", "in ", "" }, { " ended on ", "", " ago" } };

    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        char *on = strstr(text, forms[i].on);
        char *comma = on != NULL ? strstr(on, ", ") : NULL;

        if (comma == NULL || !g_str_has_prefix(comma + 2, forms[i].before) || !g_str_has_suffix(comma, forms[i].behind))
            continue;
        *is_past = i == 1;
        *time = on + strlen(forms[i].on);
        *distance = comma + 2 + strlen(forms[i].before);
        text[strlen(text) - strlen(forms[i].behind)] = '\0';
        *on = *comma = '\0';
        return true;
    }
    return false;
}

char *mgr_end_translate(const char *warning)
{
    const char *remedy = strstr(warning, JOINT);
    g_autofree char *text = remedy != NULL ? g_strndup(warning, (gsize)(remedy - warning)) : NULL;
    g_autofree char *name = NULL;
    g_autofree char *subject = NULL;
    g_autofree char *apart = NULL;
    g_autofree char *sentence = NULL;
    g_autofree char *worded = NULL;
    char *time;
    char *distance;
    bool is_past;
    MgrEndKind kind;

    if (text == NULL || !cut_sentence(text, &is_past, &time, &distance) || (name = read_subject(text, &kind)) == NULL)
        return NULL;
    subject =
        fill_in(hl_tr(*name == '\0' && rows[kind].unnamed != NULL ? rows[kind].unnamed : rows[kind].subject), name, "");
    apart = translate_distance(distance);
    sentence = say_end(is_past, subject, time, apart);
    worded = mgr_end_translate_remedy(kind, name, remedy + strlen(JOINT));
    return g_strdup_printf(_("%s; remedy: %s"), sentence, worded);
}

bool mgr_end_renews(const MgrEnd *end, HlTime until, HlTime now)
{
    HlTime life = end->end - end->begin;

    return now >= end->end - life / RENEWAL_PART && until - end->end >= life / GAIN_PART;
}

int mgr_end_compare(const MgrEnd *a, const MgrEnd *b)
{
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->name, b->name);
}
