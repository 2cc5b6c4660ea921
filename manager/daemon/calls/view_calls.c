/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/view_calls.h"

#include <string.h>

#include "manager/core/display_name.h"
#include "manager/core/refusal.h"
#include "manager/filter/filter.h"
#include "manager/store/views.h"

struct MgrViewCalls {
    MgrViewCallsOptions parts;
};

/* A view on its way through the registry. */
typedef struct {
    const MgrViewCalls *calls;
    MgrCall *call;
    MgrViewRecord view; /* filter NULL: it goes */
} Change;

static void change_free(gpointer item)
{
    Change *change = item;

    mgr_view_record_clear(&change->view);
    g_free(change);
}

static json_t *view_document(const MgrViewRecord *view)
{
    g_autofree char *changed = hl_time_format(view->changed_at);

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", view->name, "filter", view->filter, "sort", view->sort,
                     "fields", view->fields, "changed", changed);
}

static void on_view(MgrViewRecord *record, gpointer user)
{
    json_array_append_new(user, view_document(record));
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrViewCalls *calls = user;
    g_autoptr(json_t) views = json_array();
    g_autoptr(GError) error = NULL;

    if (mgr_registry_list_views(mgr_record_reader(calls->parts.record), mgr_call_admin(call), on_view, views, &error))
        mgr_call_done_list(call, "views", g_steal_pointer(&views), NULL);
    else
        mgr_call_fail(call, error);
}

static void fold_change(gpointer item)
{
    const Change *change = item;

    mgr_call_done(change->call, change->view.filter != NULL ? view_document(&change->view) : NULL);
}

static void fail_change(gpointer item, const GError *error)
{
    const Change *change = item;
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT &&
        mgr_accounts_get(change->calls->parts.fleet->accounts, change->view.account) == NULL)
        mgr_refuse(&why, MGR_REFUSE_ACCOUNT_DELETED, change->view.account, NULL);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT && change->view.filter != NULL)
        mgr_refuse(&why, MGR_REFUSE_VIEW_QUOTA, change->view.account, HL_NUMBER(MGR_MAX_VIEWS), NULL);
    else if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&why, MGR_REFUSE_VIEW_UNKNOWN, change->view.name, NULL);
    mgr_call_fail(change->call, why != NULL ? why : error);
}

static const MgrChangeKind change_kind = { fold_change, fail_change, change_free };

static Change *change_new(const MgrViewCalls *calls, MgrCall *call, char *name)
{
    Change *change = g_new0(Change, 1);

    change->calls = calls;
    change->call = call;
    change->view =
        (MgrViewRecord){ .account = g_strdup(mgr_call_admin(call)), .name = name, .changed_at = hl_clock_wall() };
    return change;
}

/* The argument, or "". */
static const char *text_of(const MgrCall *call, const char *name)
{
    const char *text = mgr_call_argument(call, name);

    return text != NULL ? text : "";
}

/* By its own name or path, or that of the object that it is in ("settings"). */
static bool is_field(const char *word)
{
    gsize size = strlen(word);
    bool known = mgr_column_find(word) >= 0;

    for (int i = 0; i < MGR_N_COLUMNS && !known; i++)
        known = strncmp(mgr_columns[i].path, word, size) == 0 && mgr_columns[i].path[size] == '.';
    return known;
}

/* As the console takes them for lists. */
static bool check_fields(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", MGR_N_COLUMNS + 1); /* what is beyond is one word, and no column */

    for (gsize i = 0; words[i] != NULL; i++)
        if (!is_field(words[i]))
            return mgr_refuse(error, MGR_REFUSE_VIEW_FIELD, words[i], NULL);
    return true;
}

static bool check_sort(const char *text, GError **error)
{
    return *text == '\0' || mgr_column_find(text + (*text == '-')) >= 0 ||
           mgr_refuse(error, MGR_REFUSE_VIEW_SORT, text, NULL);
}

static bool check_definition(const MgrCall *call, GError **error)
{
    g_autoptr(MgrFilter) filter = mgr_filter_parse(text_of(call, "filter"), MGR_FILTER_SEARCH, hl_clock_wall(), error);

    return filter != NULL && check_sort(text_of(call, "sort"), error) && check_fields(text_of(call, "fields"), error);
}

/* The name as it is kept; caller frees.  NULL: it is none. */
static char *name_of(const MgrCall *call, GError **error)
{
    g_autofree char *name = mgr_display_name_parse(mgr_call_argument(call, "name"), error);

    if (name == NULL || *name != '\0')
        return g_steal_pointer(&name);
    mgr_refuse(error, MGR_REFUSE_VIEW_NO_NAME, NULL);
    return NULL;
}

/* Nobody could delete it over REST: a path with such a part is another one (RFC 3986, 5.2.4).  The names of groups,
 * accounts and notifications begin with a letter or a digit. */
static bool check_part_of_path(const char *name, GError **error)
{
    return (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) || mgr_refuse(error, MGR_REFUSE_VIEW_NAME, name, NULL);
}

static void call_set(MgrCall *call, gpointer user)
{
    const MgrViewCalls *calls = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *name = check_definition(call, &error) ? name_of(call, &error) : NULL;
    HlWriteSet *set;
    Change *change;

    if (name == NULL || !check_part_of_path(name, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    change = change_new(calls, call, g_steal_pointer(&name));
    change->view.filter = g_strdup(text_of(call, "filter"));
    change->view.sort = g_strdup(text_of(call, "sort"));
    change->view.fields = g_strdup(text_of(call, "fields"));
    set = hl_write_set_new();
    mgr_write_view(set, &change->view, MGR_MAX_VIEWS);
    mgr_call_commit(call, calls->parts.record, set, &change_kind, change);
}

static void call_delete(MgrCall *call, gpointer user)
{
    const MgrViewCalls *calls = user;
    g_autoptr(GError) error = NULL;
    char *name = name_of(call, &error);
    HlWriteSet *set;

    if (name == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    mgr_write_view_removal(set, mgr_call_admin(call), name);
    mgr_call_commit(call, calls->parts.record, set, &change_kind, change_new(calls, call, name));
}

static const MgrCallRow rows[] = {
    { "view list", "", "", MGR_NEED_READ, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_list },
    { "view set", "name", "filter sort fields", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_set },
    { "view delete", "name", "", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_delete },
    { .name = NULL },
};

MgrViewCalls *mgr_view_calls_new(const MgrViewCallsOptions *options, MgrDispatch *dispatch)
{
    MgrViewCalls *calls = g_new0(MgrViewCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_view_calls_free(MgrViewCalls *calls)
{
    g_free(calls);
}
