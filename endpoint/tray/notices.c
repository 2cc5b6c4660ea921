/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/notices.h"

#include "lib/base/i18n.h"

#define OWN_GAP HL_SECOND /* who clicks gets an answer, however often they click */

/* What waits to be shown of one kind, and when one was shown last. */
typedef struct {
    gulong n;           /* how many events; 0: nothing waits */
    char *title, *body; /* of the newest */
    HlTime since, gap;
    bool was_shown;
    HlTime shown;
} Waiting;

/* The end of one update can be heard of in two ways, if the user's own has joined the server's. */
typedef enum { BY_NOBODY, BY_VIEW, BY_OUTCOME } Teller;

struct TrNotices {
    TrView last; /* the last view of a daemon that was there */
    bool has_last;
    Waiting waiting[TR_N_NOTICES];
    Teller update_teller; /* of the update that was told last */
    HlTime update_told;
};

TrNotices *tr_notices_new(void)
{
    return g_new0(TrNotices, 1);
}

static void drop(Waiting *waiting)
{
    g_clear_pointer(&waiting->title, g_free);
    g_clear_pointer(&waiting->body, g_free);
    waiting->n = 0;
}

void tr_notices_free(TrNotices *notices)
{
    if (notices == NULL)
        return;
    for (int kind = 0; kind < TR_N_NOTICES; kind++)
        drop(&notices->waiting[kind]);
    tr_view_clear(&notices->last);
    g_free(notices);
}

void tr_notice_free(TrNotice *notice)
{
    if (notice == NULL)
        return;
    g_free(notice->title);
    g_free(notice->body);
    g_free(notice);
}

static bool is_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static bool is_word(const char *text, const char *word)
{
    return g_strcmp0(text, word) == 0;
}

/* --------------------------------------------------------------------------------------------------------- waiting */

typedef struct {
    TrNoticeKind kind;
    gulong n;
    HlTime gap;
    const char *title;
    char *body; /* taken */
} Event;

/* What waits is replaced by the newer, but counted. */
static void add(TrNotices *notices, const Event *event, HlTime now)
{
    Waiting *waiting = &notices->waiting[event->kind];

    g_free(waiting->title);
    g_free(waiting->body);
    waiting->title = g_strdup(event->title);
    waiting->body = event->body;
    waiting->gap = waiting->n > 0 ? MIN(waiting->gap, event->gap) : event->gap;
    waiting->since = waiting->n > 0 ? waiting->since : now;
    waiting->n += event->n;
}

/* A clock that was set back holds nothing up. */
static HlTime due(const Waiting *waiting)
{
    return !waiting->was_shown || waiting->since < waiting->shown ? waiting->since
                                                                  : MAX(waiting->since, waiting->shown + waiting->gap);
}

/* ------------------------------------------------------------------------------------------------------ detections */

static const char *action_of(const char *name)
{
    static const struct {
        const char *name, *words;
    } actions[] = {
        { "quarantined", N_("moved to the quarantine") },
        { "quarantine-failed", N_("could not be moved to the quarantine, it is still there") },
        { "reported", N_("left where it is") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
        if (is_word(name, actions[i].name))
            return hl_tr(actions[i].words);
    return is_text(name) ? name : "-";
}

/* How many finds are new.  A number that is smaller is another daemon's database: only its last find is known to be
 * new. */
static guint64 new_finds(const TrView *old, const TrView *view)
{
    if (view->finds.count >= old->finds.count)
        return view->finds.count - old->finds.count;
    return view->finds.count > 0 && view->finds.at != old->finds.at ? 1 : 0;
}

static void tell_finds(TrNotices *notices, const TrView *view, HlTime now)
{
    guint64 n = new_finds(&notices->last, view);
    const char *path = is_text(view->finds.path) ? view->finds.path : "-";
    Event event = { .kind = TR_NOTICE_DETECTION, .n = (gulong)n, .gap = TR_NOTICE_GAP };

    if (n == 0)
        return;
    event.body = g_strdup_printf(_("Name: %s\nFile: %s\nAction: %s"),
                                 is_text(view->finds.signature) ? view->finds.signature : "-", path,
                                 action_of(view->finds.action));
    event.title = "";
    add(notices, &event, now);
}

/* --------------------------------------------------------------------------------------------------------- updates */

typedef enum { TELL_ALWAYS, TELL_FAILURE, TELL_NEVER } Telling;

/* What nobody waits for is told when it goes wrong, and of the many attempts of an evening only the first: the icon
 * and its tool tip say the rest.  An update by hand is told to who asked, by its outcome. */
static Telling telling_of(const char *trigger)
{
    if (is_word(trigger, "manual"))
        return TELL_NEVER;
    return is_word(trigger, "schedule") || is_word(trigger, "start-up") ? TELL_FAILURE : TELL_ALWAYS;
}

static bool is_told(const TrView *old, const TrView *view)
{
    bool failed_before = old->last_update.at != 0 && !old->last_update.succeeded;

    switch (telling_of(view->last_update.trigger)) {
    case TELL_ALWAYS:
        return true;
    case TELL_FAILURE:
        return !view->last_update.succeeded && !failed_before;
    case TELL_NEVER:
        break;
    }
    return false;
}

/* Whether the end of this update was told already, the other way. */
static bool update_is_told(TrNotices *notices, Teller teller, HlTime now)
{
    bool told = notices->update_teller != BY_NOBODY && notices->update_teller != teller &&
                now - notices->update_told < TR_NOTICE_GAP;

    notices->update_teller = told ? BY_NOBODY : teller;
    notices->update_told = now;
    return told;
}

static void tell_update(TrNotices *notices, const TrView *view, HlTime now)
{
    const TrView *old = &notices->last;
    Event event = { .kind = TR_NOTICE_UPDATE, .n = 1, .gap = TR_NOTICE_GAP };

    if (view->last_update.at == 0 || view->last_update.at == old->last_update.at || !is_told(old, view) ||
        update_is_told(notices, BY_VIEW, now))
        return;
    event.title = view->last_update.succeeded ? _("Update finished") : _("The update failed");
    event.body = g_strdup(is_text(view->last_update.detail) ? view->last_update.detail : "");
    add(notices, &event, now);
}

/* The version is another one, or it is not: who works at this PC may have missed the icon for a moment. */
static void tell_upgrade(TrNotices *notices, const TrView *view, HlTime now)
{
    bool done = is_word(view->upgrade.state, "done");
    Event event = { .kind = TR_NOTICE_UPDATE, .n = 1, .gap = TR_NOTICE_GAP };

    if (view->upgrade.ended == 0 || view->upgrade.ended == notices->last.upgrade.ended ||
        is_word(view->upgrade.state, "refused"))
        return;
    event.title = done ? _("Holdline was upgraded") : _("Holdline was not upgraded");
    event.body = done ? g_strdup_printf(_("Version %s"), view->upgrade.to)
                      : g_strdup(is_text(view->upgrade.detail) ? view->upgrade.detail : "");
    add(notices, &event, now);
}

/* ----------------------------------------------------------------------------------------------------------- scans */

static void tell_scan(TrNotices *notices, const TrView *view, HlTime now)
{
    bool by_server = is_word(view->last_scan.how, "command");
    bool by_schedule = is_word(view->last_scan.how, "schedule");
    bool failed = is_word(view->last_scan.end, "failed");
    Event event = { .kind = TR_NOTICE_SCAN, .n = 1, .gap = TR_NOTICE_GAP };

    if (view->last_scan.ended == 0 || view->last_scan.ended == notices->last.last_scan.ended)
        return;
    if (!by_server && !(by_schedule && (failed || view->last_scan.found > 0)))
        return;
    event.title = failed                                      ? _("The scan failed")
                  : is_word(view->last_scan.end, "completed") ? _("Scan finished")
                                                              : _("The scan was stopped");
    event.body =
        failed ? g_strdup(is_text(view->last_scan.detail) ? view->last_scan.detail : "")
               : g_strdup_printf(_("Files: %lu, infected: %lu, not looked at: %lu"), (gulong)view->last_scan.files,
                                 (gulong)view->last_scan.found, (gulong)view->last_scan.not_looked_at);
    add(notices, &event, now);
}

/* Values that a view lacks are not news, and not the end of the old ones either. */
static void remember(TrNotices *notices, const TrView *view)
{
    guint64 count = notices->last.finds.count;
    HlTime updated = notices->last.last_update.at;
    bool succeeded = notices->last.last_update.succeeded;
    HlTime scanned = notices->last.last_scan.ended;
    HlTime upgraded = notices->last.upgrade.ended;

    tr_view_copy(&notices->last, view);
    if (view->finds.count == 0)
        notices->last.finds.count = count;
    if (view->last_update.at == 0) {
        notices->last.last_update.at = updated;
        notices->last.last_update.succeeded = succeeded;
    }
    if (view->last_scan.ended == 0)
        notices->last.last_scan.ended = scanned;
    if (view->upgrade.ended == 0)
        notices->last.upgrade.ended = upgraded;
    notices->has_last = true;
}

void tr_notices_view(TrNotices *notices, const TrView *view, HlTime now)
{
    if (!view->here) /* what happens until it is back is told then */
        return;
    if (notices->has_last) {
        tell_finds(notices, view, now);
        tell_update(notices, view, now);
        tell_upgrade(notices, view, now);
        tell_scan(notices, view, now);
    }
    remember(notices, view);
}

/* -------------------------------------------------------------------------------------------------------- outcomes */

/* detailed: the daemon's words say more than the title. */
static const struct {
    TrDo what;
    TrNoticeKind kind;
    const char *done, *failed;
    bool detailed;
} outcomes[] = {
    { TR_DO_UPDATE_NOW, TR_NOTICE_UPDATE, N_("Update finished"), N_("The update was not done"), true },
    { TR_DO_SCAN_FILE, TR_NOTICE_SCAN, N_("Scan finished"), N_("The scan was not done"), true },
    { TR_DO_SCAN_FOLDER, TR_NOTICE_SCAN, N_("Scan finished"), N_("The scan was not done"), true },
    { TR_DO_SCHEDULE_OFF, TR_NOTICE_UPDATE, N_("The scheduled update was turned off"),
      N_("The scheduled update was not turned off"), false },
    { TR_DO_SCHEDULE_ON, TR_NOTICE_UPDATE, N_("The scheduled update was turned on"),
      N_("The scheduled update was not turned on"), false },
    { TR_DO_SKIP_SCAN, TR_NOTICE_SCAN, N_("Scheduled scan"), N_("The scheduled scan was not skipped"), true },
    { TR_DO_DETECTIONS, TR_NOTICE_SCAN, N_("Infected files"), N_("The detections cannot be shown"), true },
    { TR_DO_HISTORY, TR_NOTICE_SCAN, N_("The history"), N_("The history cannot be shown"), true },
    { TR_DO_STOP, TR_NOTICE_UPDATE, N_("Holdline was stopped"), N_("Holdline was not stopped"), false },
};

void tr_notices_outcome(TrNotices *notices, TrDo what, const char *detail, const GError *error, HlTime now)
{
    for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        Event event = { .n = 1, .gap = OWN_GAP };

        if (outcomes[i].what != what)
            continue;
        if (what == TR_DO_UPDATE_NOW && error == NULL && update_is_told(notices, BY_OUTCOME, now))
            return;
        event.kind = error != NULL ? TR_NOTICE_REFUSED : outcomes[i].kind;
        event.title = hl_tr(error != NULL ? outcomes[i].failed : outcomes[i].done);
        event.body = tr_text(error != NULL ? error->message : outcomes[i].detailed ? detail : "");
        add(notices, &event, now);
        return;
    }
}

/* ------------------------------------------------------------------------------------------------------ to be shown */

static TrNotice *make(TrNoticeKind kind, const Waiting *waiting)
{
    TrNotice *notice = g_new0(TrNotice, 1);
    gulong more = waiting->n - 1;

    notice->kind = kind;
    notice->urgent = kind == TR_NOTICE_DETECTION;
    if (kind == TR_NOTICE_DETECTION) {
        notice->title = g_strdup_printf(
            hl_trn("An infected file was found", "%lu infected files were found", waiting->n), waiting->n);
        notice->body = g_strdup_printf(more == 0 ? "%s" : _("The last of them:\n%s"), waiting->body);
    } else {
        notice->title = g_strdup(waiting->title);
        notice->body =
            more == 0 ? g_strdup(waiting->body)
                      : g_strdup_printf(hl_trn("%s\n(and %lu more)", "%s\n(and %lu more)", more), waiting->body, more);
        g_strchug(notice->body);
    }
    return notice;
}

TrNotice *tr_notices_take(TrNotices *notices, HlTime now)
{
    for (int kind = 0; kind < TR_N_NOTICES; kind++) {
        Waiting *waiting = &notices->waiting[kind];
        TrNotice *notice;

        if (waiting->n == 0 || due(waiting) > now)
            continue;
        notice = make((TrNoticeKind)kind, waiting);
        drop(waiting);
        waiting->was_shown = true;
        waiting->shown = now;
        return notice;
    }
    return NULL;
}

HlTime tr_notices_next(const TrNotices *notices)
{
    HlTime next = 0;

    for (int kind = 0; kind < TR_N_NOTICES; kind++) {
        const Waiting *waiting = &notices->waiting[kind];

        if (waiting->n > 0 && (next == 0 || due(waiting) < next))
            next = due(waiting);
    }
    return next;
}
