/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/dispatch.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "lib/pki/cert.h"
#include "manager/core/refusal.h"
#include "manager/core/signin.h"
#include "manager/daemon/calls/stream.h"
#include "proto/wire.h"

typedef struct {
    const MgrCallRow *row;
    gpointer user;
} Known;

struct MgrDispatch {
    const MgrFleet *fleet;
    MgrCalls *calls;
    MgrPasses *passes; /* NULL: there are none */
    MgrUses *uses;     /* NULL: nobody keeps them */
    MgrStrangers *strangers;
    GArray *known; /* of Known */
    MgrDispatchCounts counts;
};

MgrDispatch *mgr_dispatch_new(const MgrFleet *fleet, MgrCalls *calls)
{
    MgrDispatch *dispatch = g_new0(MgrDispatch, 1);

    dispatch->fleet = fleet;
    dispatch->calls = calls;
    dispatch->known = g_array_new(FALSE, FALSE, sizeof(Known));
    return dispatch;
}

void mgr_dispatch_free(MgrDispatch *dispatch)
{
    if (dispatch == NULL)
        return;
    g_array_unref(dispatch->known);
    g_free(dispatch);
}

void mgr_dispatch_admit(MgrDispatch *dispatch, MgrPasses *passes)
{
    dispatch->passes = passes;
}

void mgr_dispatch_keep_uses(MgrDispatch *dispatch, MgrUses *uses)
{
    dispatch->uses = uses;
}

void mgr_dispatch_meet(MgrDispatch *dispatch, MgrStrangers *strangers)
{
    dispatch->strangers = strangers;
}

MgrDispatchCounts mgr_dispatch_count(const MgrDispatch *dispatch)
{
    return dispatch->counts;
}

void mgr_dispatch_add(MgrDispatch *dispatch, const MgrCallRow *rows, gpointer user)
{
    for (const MgrCallRow *row = rows; row->name != NULL; row++) {
        Known known = { row, user };

        g_assert(row->need != MGR_NEED_UNSET && row->scope != MGR_SCOPE_UNSET &&
                 row->proof != MGR_PROOF_UNSET); /* nobody may call what says nothing */
        g_array_append_val(dispatch->known, known);
    }
}

const MgrCallRow *mgr_dispatch_row(const MgrDispatch *dispatch, guint n)
{
    return n < dispatch->known->len ? g_array_index(dispatch->known, Known, n).row : NULL;
}

static const MgrCallRow *find_row(const MgrDispatch *dispatch, const char *name, gpointer *user)
{
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(dispatch, n)) != NULL; n++) {
        if (strcmp(row->name, name) != 0)
            continue;
        *user = g_array_index(dispatch->known, Known, n).user;
        return row;
    }
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);

    return g_strv_contains((const char *const *)list, word);
}

/* How often the message has it, up to twice. */
static guint times_given(const HlMsgCall *message, const char *name)
{
    guint n = 0;

    for (size_t i = 0; i < message->n_arguments && n < 2; i++)
        n += strcmp(message->arguments[i]->name, name) == 0;
    return n;
}

/* One that came twice would be read once, and of many the audit log would have no room for each. */
static bool check_arguments(const HlMsgCall *message, const MgrCallRow *row, GError **error)
{
    g_auto(GStrv) required = g_strsplit(row->required, " ", -1);

    for (size_t i = 0; i < message->n_arguments; i++) {
        const char *name = message->arguments[i]->name;

        if (!has_word(row->required, name) && !has_word(row->optional, name))
            return mgr_refuse(error, MGR_REFUSE_CALL_NO_ARGUMENT, row->name, name, NULL);
        if (strcmp(name, MGR_CALL_REPEATED) != 0 && times_given(message, name) > 1)
            return mgr_refuse(error, MGR_REFUSE_CALL_TWICE, row->name, name, NULL);
    }
    for (gsize i = 0; required[i] != NULL; i++)
        if (*required[i] != '\0' && times_given(message, required[i]) == 0)
            return mgr_refuse(error, MGR_REFUSE_CALL_ARGUMENT, row->name, required[i], NULL);
    return true;
}

static void ignore(MgrDispatch *dispatch, const char *admin, const char *why)
{
    dispatch->counts.bad_messages++;
    hl_log_limited(HL_LOG_WARN, "call", admin, "request of '%s' ignored: %s", admin, why);
}

/* The topic says who asks: the broker's access list lets nobody else write it.  The certificate is in the registry, and
 * not revoked. */
static bool has_kind(const MgrDispatch *dispatch, const char *name, HlCertKind kind)
{
    return mgr_fleet_has_live_name(dispatch->fleet, name, hl_cert_kind_name(kind));
}

/* The broker says under which name a request came, not with which of the name's certificates. */
static char *serials_of(const MgrFleet *fleet, const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const MgrCertificateRecord *record = mgr_fleet_certificates_of(fleet, name); record != NULL;
         record = record->next) {
        if (record->revoked_at == 0)
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", record->serial);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* A request on its way to the handler. */
typedef struct {
    const char *name; /* that it came under */
    bool is_console, is_monitor;
    bool is_plain; /* on a monitor's own topic */
    const HlMsgCall *message;
    const MgrCallRow *row;     /* NULL: there is none */
    const MgrPassRecord *pass; /* that a console shows for somebody; NULL: none that is good */
} Request;

/* Without an account, or with a disabled one: as one that may the least, for an answer that says so. */
static MgrOrigin origin_of(const MgrDispatch *dispatch, const Request *request)
{
    const MgrAccountRecord *account = mgr_accounts_get(dispatch->fleet->accounts, request->name);
    bool is_enabled = account != NULL && account->disabled_at == 0;
    const char *address = request->message->address;
    const MgrPassRecord *pass = request->pass;
    MgrOrigin origin = { .name = g_strdup(request->name),
                         .certificates = serials_of(dispatch->fleet, request->name),
                         .is_console = request->is_console,
                         .is_account = account != NULL,
                         .is_plain = request->is_plain,
                         .pass = pass != NULL ? g_strdup(pass->id) : NULL,
                         .address = request->is_console && *address != '\0' ? g_strdup(address) : NULL,
                         .need = request->row != NULL ? request->row->need : MGR_NEED_UNSET };

    if (pass != NULL)
        mgr_passes_caller(dispatch->passes, pass, &origin.caller);
    else
        mgr_caller_init(&origin.caller, request->name, is_enabled ? account->role : MGR_ROLE_AUDITOR,
                        account != NULL ? account->groups : "");
    return origin;
}

static const char *argument_of(const HlMsgCall *message, const char *name)
{
    for (size_t i = 0; i < message->n_arguments; i++)
        if (strcmp(message->arguments[i]->name, name) == 0)
            return message->arguments[i]->value;
    return NULL;
}

/* Everybody may see what is known of themselves. */
static MgrNeed need_of(const Request *request, const char *account)
{
    MgrNeed need = request->row->need;
    bool is_own = need == MGR_NEED_OTHERS && g_strcmp0(argument_of(request->message, "name"), account) == 0;

    return is_own ? MGR_NEED_READ : need;
}

/* Needs that no account meets. */
static bool is_of_none(MgrNeed need)
{
    return need == MGR_NEED_CONSOLE || need == MGR_NEED_MONITOR;
}

/* What people type for it, where that is not the call's name. */
static const char *typed(const MgrCallRow *row)
{
    static const struct {
        const char *call, *command;
    } others[] = {
        { "server authority start", "server rollover start ca" },
        { "server authority status", "server rollover status ca" },
        { "server authority finish", "server rollover finish ca" },
        { "server authority cancel", "server rollover cancel ca" },
        { "summary", "status" },
        { "snapshot", "status" },
        { "group version", "group diff" },
        { "command watch", "command show" },
        { "account renew", "account certificate" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (strcmp(others[i].call, row->name) == 0)
            return others[i].command;
    return row->name;
}

static bool fail_of_none(const MgrCallRow *row, const char *account, GError **error)
{
    if (row->need == MGR_NEED_CONSOLE)
        return mgr_refuse(error, MGR_REFUSE_DENIED_CONSOLE, typed(row), account, NULL);
    return mgr_refuse(error, MGR_REFUSE_DENIED_MONITORS, typed(row), account, NULL);
}

/* With a certificate or a password: another owner is asked in vain. */
static bool can_act(const char *name, gpointer user)
{
    const MgrDispatch *dispatch = user;

    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(dispatch->fleet, name); at != NULL; at = at->next) {
        MgrCertificateState state = mgr_fleet_certificate_state(dispatch->fleet, at);

        if (state == MGR_CERTIFICATE_VALID || state == MGR_CERTIFICATE_RENEWAL_DUE)
            return true;
    }
    return dispatch->passes != NULL && mgr_passes_password(dispatch->passes, name) != NULL;
}

static char *list_owners(const MgrDispatch *dispatch)
{
    return mgr_accounts_owners(dispatch->fleet->accounts, can_act, hl_unconst(dispatch));
}

static bool deny(const MgrDispatch *dispatch, const Request *request, const MgrAccountRecord *account, GError **error)
{
    const char *call = typed(request->row);
    MgrNeed need = request->row->need;
    g_autofree char *owners = list_owners(dispatch);
    g_autofree char *needed = NULL;

    hl_log_limited(HL_LOG_WARN, "call", request->name, "'%s' of %s is denied", call, request->name);
    if (request->is_monitor)
        return mgr_refuse(error, MGR_REFUSE_DENIED_MONITOR, request->name, call, NULL);
    if (account == NULL)
        return mgr_refuse(error, MGR_REFUSE_DENIED_NO_ACCOUNT, request->name, owners, NULL);
    if (account->disabled_at != 0)
        return mgr_refuse(error, MGR_REFUSE_DENIED_DISABLED, account->name, owners, NULL);
    if (is_of_none(need))
        return fail_of_none(request->row, account->name, error);
    needed = mgr_need_roles(need);
    return mgr_refuse(error, MGR_REFUSE_DENIED_ROLE, call, needed, account->name, mgr_role_name(account->role), owners,
                      NULL);
}

/* With a session or token it is the account that asks, with the rights that it has now. */
static bool check_pass(const MgrDispatch *dispatch, const Request *request, GError **error)
{
    const char *call = typed(request->row);
    MgrNeed need = request->row->need;
    g_auto(MgrCaller) caller = { 0 };
    g_autofree char *owners = NULL;
    g_autofree char *needed = NULL;

    if (request->pass == NULL)
        return mgr_refuse(error, MGR_REFUSE_SESSION_ENDED, NULL);
    mgr_passes_caller(dispatch->passes, request->pass, &caller);
    if (mgr_role_may(caller.role, need_of(request, caller.account)))
        return true;
    if (is_of_none(need))
        return fail_of_none(request->row, caller.account, error);
    owners = list_owners(dispatch);
    needed = mgr_need_roles(need);
    return mgr_refuse(error, MGR_REFUSE_DENIED_ROLE_HERE, call, needed, caller.account, mgr_role_name(caller.role),
                      owners, NULL);
}

/* A console has no rights of its own but to look at what the status topics tell it anyway, and to let people sign in.
 */
static bool check_console(const MgrDispatch *dispatch, const Request *request, GError **error)
{
    if (*request->message->session != '\0')
        return check_pass(dispatch, request, error);
    return mgr_need_is_of_console(request->row->need) ||
           mgr_refuse(error, MGR_REFUSE_SESSION_NEEDED, typed(request->row), NULL);
}

/* The one place where it is decided who may call what. */
static bool check_caller(const MgrDispatch *dispatch, const Request *request, GError **error)
{
    const MgrAccountRecord *account = mgr_accounts_get(dispatch->fleet->accounts, request->name);
    bool may =
        account != NULL && account->disabled_at == 0 && mgr_role_may(account->role, need_of(request, account->name));

    if (request->is_console)
        return check_console(dispatch, request, error);
    if (!may && !(request->is_monitor && mgr_need_is_of_monitor(request->row->need)))
        return deny(dispatch, request, account, error);
    return (*request->message->session == '\0' && *request->message->address == '\0') ||
           mgr_refuse(error, MGR_REFUSE_DENIED_FOR_OTHERS, request->name, NULL);
}

/* Who is no owner is told that by the handler, and not asked for a password first. */
static bool is_of_others(const MgrDispatch *dispatch, const Request *request)
{
    const char *name = argument_of(request->message, "name");
    g_auto(MgrCaller) caller = { 0 };

    mgr_passes_caller(dispatch->passes, request->pass, &caller);
    return caller.role == MGR_ROLE_OWNER && name != NULL && strcmp(name, caller.account) != 0;
}

/* Who found a browser open has the session, and not the password. */
static bool check_proof(const MgrDispatch *dispatch, const Request *request, GError **error)
{
    const MgrPassRecord *pass = request->pass;
    MgrProof proof = request->row->proof;

    if (pass == NULL || pass->kind != MGR_PASS_SESSION || proof == MGR_PROOF_NONE ||
        (proof == MGR_PROOF_OTHERS && !is_of_others(dispatch, request)))
        return true;
    return mgr_passes_is_proven(dispatch->passes, pass->id, hl_clock_mono()) ||
           mgr_refuse(error, MGR_REFUSE_PASSWORD_PROVE, HL_NUMBER(MGR_PROOF_LIFE / HL_MINUTE), NULL);
}

static bool check_request(const MgrDispatch *dispatch, const Request *request, GError **error)
{
    if (request->row == NULL)
        return mgr_refuse(error, MGR_REFUSE_CALL_UNKNOWN, request->message->name, NULL);
    return check_caller(dispatch, request, error) && check_arguments(request->message, request->row, error);
}

/* The proof comes after the key: what was done once is told again, however long ago the password was given. */
static void carry_out(const MgrDispatch *dispatch, const Request *request, MgrCall *call, gpointer user)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_call_begin(call))
        return;
    if (check_proof(dispatch, request, &error))
        request->row->handler(call, user);
    else
        mgr_call_fail(call, error);
}

/* What only a page asks, and by itself: it shows nobody at work. */
static const char *const idle[] = { "session show", "snapshot", NULL };

/* Takes decoded.  problem: with the certificate that it comes with; NULL: none. */
static void start(MgrDispatch *dispatch, const char *name, bool is_plain, GBytes *correlation, HlMsgCall *decoded,
                  const GError *problem)
{
    gpointer user = NULL;
    Request request = { .name = name,
                        .is_console = has_kind(dispatch, name, HL_CERT_CONSOLE),
                        .is_monitor = has_kind(dispatch, name, HL_CERT_MONITOR),
                        .is_plain = is_plain,
                        .message = decoded,
                        .row = find_row(dispatch, decoded->name, &user) };
    g_autoptr(GError) error = problem != NULL ? g_error_copy(problem) : NULL;
    MgrOrigin origin;
    MgrCall *call;
    bool ok;

    if (request.is_console && dispatch->passes != NULL && *decoded->session != '\0')
        request.pass = mgr_passes_find(dispatch->passes, decoded->session, hl_clock_wall());
    if (dispatch->uses != NULL)
        mgr_uses_add(dispatch->uses, name, decoded->certificate, hl_clock_wall());
    origin = origin_of(dispatch, &request);
    ok = error == NULL && check_request(dispatch, &request, &error);
    if (ok && request.pass != NULL && !decoded->idle && !g_strv_contains(idle, request.row->name))
        mgr_passes_use(dispatch->passes, request.pass, hl_clock_wall());
    call = mgr_call_new(dispatch->calls, &origin, correlation, decoded);

    if (!ok)
        mgr_call_fail(call, error);
    else
        carry_out(dispatch, &request, call, user);
}

/* Whether a call may come under this name at all, or has an answer: what is wrong with a certificate that it had. */
static bool is_heard(const MgrDispatch *dispatch, const char *name, const GError *problem)
{
    return (problem != NULL &&
            (mgr_fleet_knows_name(dispatch->fleet, name) || mgr_fleet_may_come(dispatch->fleet, name))) ||
           has_kind(dispatch, name, HL_CERT_ADMIN) || has_kind(dispatch, name, HL_CERT_MONITOR) ||
           has_kind(dispatch, name, HL_CERT_CONSOLE);
}

static void handle_message(MgrDispatch *dispatch, const char *name, const HlBusMessage *message)
{
    g_autofree char *reply_topic = hl_topic_name(HL_TOPIC_ADMIN_REPLY, name);
    g_autoptr(HlMsgCall) decoded = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) problem = NULL;

    decoded = hl_wire_decode_bytes(&holdline__v1__call__descriptor, message->payload, &error);
    if (decoded != NULL && decoded->read != 0) {
        if (!message->retained && is_heard(dispatch, name, NULL))
            mgr_stream_read(dispatch->calls, name, message->correlation, decoded->read);
        return;
    }
    if (decoded != NULL && dispatch->strangers != NULL)
        HL_IGNORE(mgr_strangers_admit(dispatch->strangers, name, decoded, &problem)); /* that may make it a sender */
    if (decoded == NULL || !is_heard(dispatch, name, problem)) {
        ignore(dispatch, name, error != NULL ? error->message : "neither an administrator nor a console");
        return;
    }
    if (message->retained) {
        ignore(dispatch, name, "it was published to be retained: it would come again with each connection");
        return;
    }
    if (g_strcmp0(message->response_topic, reply_topic) != 0) {
        g_autofree char *why = g_strdup_printf("its response topic is not %s", reply_topic);

        ignore(dispatch, name, why);
        return;
    }
    start(dispatch, name, false, message->correlation, g_steal_pointer(&decoded), problem);
}

/* As the wire has it, so that the same bounds hold for both. */
static HlMsgCall *call_of_text(GBytes *payload, GError **error)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    gsize size;
    const char *data = g_bytes_get_data(payload, &size);
    g_autofree char *name = g_strndup(data != NULL ? data : "", size);

    message.name = g_strstrip(name);
    return hl_wire_check(&message.base, error) ? hl_wire_copy(&message.base) : NULL;
}

static void handle_text(MgrDispatch *dispatch, const char *monitor, const HlBusMessage *message)
{
    g_autoptr(GError) error = NULL;
    HlMsgCall *call = NULL;

    if (!message->retained && has_kind(dispatch, monitor, HL_CERT_MONITOR))
        call = call_of_text(message->payload, &error);
    if (call != NULL)
        start(dispatch, monitor, true, message->correlation, call, NULL);
    else
        ignore(dispatch, monitor, error != NULL ? error->message : "not a monitor, or kept by the broker");
}

void mgr_dispatch_handle(MgrDispatch *dispatch, HlTopic topic, const char *name, const HlBusMessage *message)
{
    dispatch->counts.received++;
    if (topic == HL_TOPIC_MONITOR_REQUEST)
        handle_text(dispatch, name, message);
    else
        handle_message(dispatch, name, message);
}
