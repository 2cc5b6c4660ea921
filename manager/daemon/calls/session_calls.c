/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/session_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/digest.h"
#include "manager/core/refusal.h"
#include "manager/core/signin.h"
#include "manager/daemon/calls/pass_calls.h"
#include "manager/daemon/calls/pass_document.h"
#include "manager/daemon/ground/hasher.h"
#include "manager/daemon/ground/scope.h"
#include "proto/bounds.h"

#define MOST_SESSIONS 20 /* of an account; the oldest one ends for the next */
#define MOST_TOKENS   100
#define TOKEN_LIFE    (90 * HL_DAY)
#define TOKEN_MOST    (3 * 365 * HL_DAY)

struct MgrSessionCalls {
    MgrSessionCallsOptions parts;
    MgrPassCalls passes;
    MgrSignin *signin;
    MgrHasher *hasher;
};

/* A pass or password on its way: past the hasher, and through the registry. */
typedef struct {
    MgrSessionCalls *calls;
    MgrCall *call;
    char *account, *by_name, *by_place; /* keys of the tries; by_name NULL: not counted */
    char *checked;                      /* the hash that the password was compared with; NULL: there was none */
    MgrPassRecord pass;                 /* hash NULL: none */
    GPtrArray *surplus;                 /* char *: hashes of the passes that it ends */
    char *text;                         /* of the pass */
    int64_t step;                       /* of the one-time code that was used up; 0: none */
    MgrSecretRecord secret;             /* account NULL: none */
} Entry;

static Entry *entry_new(MgrSessionCalls *calls, MgrCall *call, const char *account)
{
    Entry *entry = g_new0(Entry, 1);

    entry->calls = calls;
    entry->call = call;
    entry->account = g_strdup(account);
    return entry;
}

static void entry_free(gpointer item)
{
    Entry *entry = item;

    mgr_pass_record_clear(&entry->pass);
    mgr_secret_record_clear(&entry->secret);
    g_clear_pointer(&entry->surplus, g_ptr_array_unref);
    g_free(entry->account);
    g_free(entry->by_name);
    g_free(entry->by_place);
    g_free(entry->checked);
    g_free(entry->text);
    g_free(entry);
}

/* Who deleted one of its groups meanwhile was first. */
static void fail_entry(gpointer item, const GError *error)
{
    const Entry *entry = item;
    g_auto(GStrv) groups = g_strsplit(entry->pass.groups != NULL ? entry->pass.groups : "", ",", -1);
    g_autoptr(GError) why = NULL;

    for (gsize i = 0; groups[i] != NULL && why == NULL; i++)
        if (mgr_fleet_group(entry->calls->parts.fleet, groups[i]) == NULL)
            mgr_refuse(&why, MGR_REFUSE_GROUP_DELETED, groups[i], NULL);
    mgr_call_fail(entry->call, why != NULL ? why : error);
}

/* The call fails, and the entry goes. */
static void give_up(Entry *entry, const GError *error)
{
    mgr_call_refuse(entry->call, error);
    entry_free(entry);
}

static const MgrAccountRecord *account_of(const Entry *entry)
{
    return mgr_accounts_get(entry->calls->parts.fleet->accounts, entry->account);
}

/* ---------------------------------------------------------------------------------------------------------- sign-in */

static void fold_session(gpointer item)
{
    Entry *entry = item;
    json_t *document = mgr_pass_document(&entry->pass);

    for (guint i = 0; i < entry->surplus->len; i++)
        mgr_passes_remove(entry->calls->parts.passes, entry->surplus->pdata[i]);
    mgr_passes_put(entry->calls->parts.passes, &entry->pass);
    json_object_set_new(document, "session", json_string(entry->text));
    json_object_set_new(document, "codes",
                        json_boolean(mgr_passes_has_code(entry->calls->parts.passes, entry->account)));
    hl_info("session", "%s signs in from %s, through %s", entry->account, entry->pass.address,
            mgr_call_console(entry->call));
    mgr_call_done(entry->call, document);
}

/* The password was changed, or the account disabled, while the session was on its way. */
static void fail_session(gpointer item, const GError *error)
{
    g_autoptr(GError) wrong = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&wrong, MGR_REFUSE_SESSION_WRONG, NULL);
    mgr_call_fail(((const Entry *)item)->call, wrong != NULL ? wrong : error);
}

/* The oldest ones make room. */
static void end_surplus(Entry *entry, HlWriteSet *set, HlTime now)
{
    MgrPasses *passes = entry->calls->parts.passes;
    g_autoptr(GPtrArray) sessions = mgr_passes_list(passes, MGR_PASS_SESSION, entry->account, now);

    entry->surplus = g_ptr_array_new_with_free_func(g_free);
    for (guint i = MOST_SESSIONS - 1; i < sessions->len; i++) {
        const MgrPassRecord *pass = sessions->pdata[i];

        mgr_write_pass_end(set, pass->hash);
        g_ptr_array_add(entry->surplus, g_strdup(pass->hash));
    }
}

static void make_pass(Entry *entry, MgrPassKind kind, const MgrAccountRecord *account, HlTime life)
{
    const char *address = mgr_call_address(entry->call);
    HlTime now = hl_clock_wall();

    entry->text = mgr_pass_text(kind);
    entry->pass = (MgrPassRecord){ .hash = hl_sha256_hex(entry->text, strlen(entry->text)),
                                   .id = hl_ident_new(kind == MGR_PASS_TOKEN ? "t-" : "s-"),
                                   .kind = kind,
                                   .account = g_strdup(account->name),
                                   .name = g_strdup(""),
                                   .role = account->role,
                                   .groups = g_strdup(account->groups),
                                   .created_at = now,
                                   .used_at = now,
                                   .ends_at = now + life,
                                   .address = g_strdup(address != NULL ? address : "") };
}

/* Guesses before it, from that place or in those sessions, still count. */
static void count_right(const Entry *entry)
{
    mgr_signin_good(entry->calls->signin, entry->by_name);
    mgr_signin_take_back(entry->calls->signin, entry->by_place);
}

static void let_in(Entry *entry, const MgrAccountRecord *account)
{
    static const MgrChangeKind kind = { fold_session, fail_session, entry_free };
    MgrSessionCalls *calls = entry->calls;
    HlWriteSet *set = hl_write_set_new();

    count_right(entry);
    make_pass(entry, MGR_PASS_SESSION, account, MGR_SESSION_LIFE);
    end_surplus(entry, set, entry->pass.created_at);
    mgr_write_password_proof(set, entry->account, entry->checked);
    mgr_write_pass(set, &entry->pass);
    if (entry->step > 0)
        mgr_write_code_step(set, entry->account, entry->step);
    mgr_call_commit(entry->call, calls->parts.record, set, &kind, entry);
}

/* Only after the password: a guess uses up nobody's code. */
static bool take_code(Entry *entry)
{
    MgrPasses *passes = entry->calls->parts.passes;

    if (!mgr_passes_has_code(passes, entry->account))
        return true;
    entry->step = mgr_passes_take_code(passes, entry->account, mgr_call_argument(entry->call, "code"), hl_clock_wall());
    return entry->step > 0;
}

/* One sentence for all that can be wrong: who guesses learns nothing. */
static void on_checked(const char *encoded G_GNUC_UNUSED, bool is_same, gpointer user)
{
    Entry *entry = user;
    const MgrAccountRecord *account = account_of(entry);
    const char *now = mgr_passes_password(entry->calls->parts.passes, entry->account);
    g_autoptr(GError) error = NULL;

    if (is_same && account != NULL && account->disabled_at == 0 && g_strcmp0(now, entry->checked) == 0 &&
        take_code(entry)) {
        let_in(entry, account);
        return;
    }
    mgr_refuse(&error, MGR_REFUSE_SESSION_WRONG, NULL);
    give_up(entry, error);
}

/* Counted before it is known how it ends: of many at once no more get through than one after the other. */
static bool count_try(const Entry *entry, GError **error)
{
    const char *const keys[] = { entry->by_name, entry->by_place, NULL };

    return mgr_signin_may(entry->calls->signin, keys, hl_clock_mono(), error);
}

/* Compares what the argument of that name says with the account's password. */
static bool check_password(Entry *entry, const char *argument, MgrHasherDone done, GError **error)
{
    MgrSessionCalls *calls = entry->calls;

    entry->checked = g_strdup(mgr_passes_password(calls->parts.passes, entry->account));
    if (mgr_hasher_check(calls->hasher, entry->checked, mgr_call_argument(entry->call, argument), done, entry, error))
        return true;
    mgr_signin_take_back(calls->signin, entry->by_name); /* nobody looked at it: others were being looked at */
    mgr_signin_take_back(calls->signin, entry->by_place);
    return false;
}

static bool check_length(const MgrCall *call, GError **error)
{
    return (strlen(mgr_call_argument(call, "password")) <= MGR_PASSWORD_MAX &&
            strlen(mgr_call_argument(call, "name")) <= HL_MAX_NAME) ||
           mgr_refuse(error, MGR_REFUSE_SESSION_WRONG, NULL);
}

static void call_create(MgrCall *call, gpointer user)
{
    MgrSessionCalls *calls = user;
    Entry *entry = entry_new(calls, call, mgr_call_argument(call, "name"));
    const char *address = mgr_call_address(call);
    g_autofree char *place = mgr_signin_place(address != NULL ? address : "");
    g_autoptr(GError) error = NULL;

    entry->by_name = g_strconcat("account ", entry->account, NULL);
    entry->by_place = g_strconcat("address ", *place != '\0' ? place : mgr_call_console(call), NULL);
    if (!check_length(call, &error) || !count_try(entry, &error) ||
        !check_password(entry, "password", on_checked, &error))
        give_up(entry, error);
}

/* --------------------------------------------------------------------------------------------------------- password */

static void fold_password(gpointer item)
{
    Entry *entry = item;
    json_t *document = mgr_pass_calls_ends(&entry->calls->passes, entry->account, hl_clock_wall());

    mgr_passes_put_secret(entry->calls->parts.passes, &entry->secret);
    hl_info("account", "%s has another password, by %s", entry->account, mgr_call_admin(entry->call));
    mgr_call_done(entry->call, document);
}

static void on_made(const char *encoded, bool is_same G_GNUC_UNUSED, gpointer user)
{
    static const MgrChangeKind kind = { fold_password, fail_entry, entry_free };
    Entry *entry = user;
    HlWriteSet *set;

    if (encoded == NULL) {
        g_autoptr(GError) error = NULL;

        mgr_refuse(&error, MGR_REFUSE_PASSWORD_NO_MEMORY, NULL);
        give_up(entry, error);
        return;
    }
    entry->secret = (MgrSecretRecord){ .account = g_strdup(entry->account),
                                       .password = g_strdup(encoded),
                                       .changed_at = hl_clock_wall() };
    set = hl_write_set_new();
    if (entry->checked != NULL) /* somebody's own: an owner may have given another one meanwhile */
        mgr_write_password_proof(set, entry->account, entry->checked);
    mgr_write_secret(set, &entry->secret);
    mgr_call_commit(entry->call, entry->calls->parts.record, set, &kind, entry);
}

static bool hash_new(Entry *entry, GError **error)
{
    return mgr_hasher_make(entry->calls->hasher, mgr_call_argument(entry->call, "password"), on_made, entry, error);
}

static void on_old_checked(const char *encoded G_GNUC_UNUSED, bool is_same, gpointer user)
{
    Entry *entry = user;
    g_autoptr(GError) error = NULL;

    if (!is_same)
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_OLD_WRONG, NULL);
    else
        count_right(entry);
    if (!is_same || !hash_new(entry, &error))
        give_up(entry, error);
}

/* Who found a browser open proves to be its owner with the password; where there is none, and with one's certificate,
 * which proves more than that would, nothing is asked. */
static bool has_to_prove(const Entry *entry)
{
    return mgr_call_pass(entry->call) != NULL &&
           mgr_passes_password(entry->calls->parts.passes, entry->account) != NULL;
}

static bool prove(Entry *entry, const char *argument, MgrHasherDone done, GError **error)
{
    entry->by_name = g_strconcat("account ", entry->account, NULL);
    entry->by_place = g_strconcat("change ", entry->account, NULL);
    return count_try(entry, error) && check_password(entry, argument, done, error);
}

static void on_shown(const char *encoded G_GNUC_UNUSED, bool is_same, gpointer user)
{
    Entry *entry = user;
    MgrPasses *passes = entry->calls->parts.passes;
    g_autoptr(GError) error = NULL;

    if (!is_same)
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_WRONG, NULL);
    else if (!mgr_passes_prove(passes, mgr_call_pass(entry->call), hl_clock_mono()))
        mgr_refuse(&error, MGR_REFUSE_SESSION_ENDED, NULL); /* with another password, all of them */
    if (error != NULL) {
        give_up(entry, error);
        return;
    }
    count_right(entry);
    mgr_call_done(entry->call, NULL);
    entry_free(entry);
}

/* For the calls whose rows ask for it (MGR_PROOF_PASSWORD).  Its need is one of those that only look, because a request
 * that comes again under its key has to prove again, and not to hear that it did. */
static void call_prove(MgrCall *call, gpointer user)
{
    Entry *entry = entry_new(user, call, mgr_call_admin(call));
    g_autoptr(GError) error = NULL;

    if (mgr_call_pass(call) == NULL)
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_PROVE_SESSION, NULL);
    else if (mgr_call_is_token(call))
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_TOKEN, NULL);
    if (error != NULL || !prove(entry, "password", on_shown, &error))
        give_up(entry, error);
}

/* One's own: with the old one. */
static bool begin_password(Entry *entry, bool is_own, GError **error)
{
    if (!is_own || !has_to_prove(entry))
        return hash_new(entry, error);
    if (mgr_call_argument(entry->call, "old") == NULL)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_OLD_NEEDED, NULL);
    return prove(entry, "old", on_old_checked, error);
}

static bool check_change(const Entry *entry, bool is_own, GError **error)
{
    const MgrCall *call = entry->call;

    if (mgr_call_is_token(call))
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_TOKEN, NULL);
    if (!is_own && mgr_call_caller(call)->role != MGR_ROLE_OWNER)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_OTHERS, mgr_call_admin(call), entry->account, NULL);
    if (account_of(entry) == NULL)
        return mgr_accounts_unknown_fail(entry->calls->parts.fleet->accounts, mgr_call_caller(call), entry->account,
                                         error);
    return mgr_password_check(mgr_call_argument(call, "password"), entry->account, error);
}

static void call_password(MgrCall *call, gpointer user)
{
    const char *name = mgr_call_argument(call, "name");
    Entry *entry = entry_new(user, call, name != NULL ? name : mgr_call_admin(call));
    bool is_own = strcmp(entry->account, mgr_call_admin(call)) == 0;
    g_autoptr(GError) error = NULL;

    if (!check_change(entry, is_own, &error) || !begin_password(entry, is_own, &error))
        give_up(entry, error);
}

/* ----------------------------------------------------------------------------------------------------------- tokens */

static void fold_token(gpointer item)
{
    Entry *entry = item;
    json_t *document = mgr_pass_document(&entry->pass);

    mgr_passes_put(entry->calls->parts.passes, &entry->pass);
    json_object_set_new(document, "token", json_string(entry->text));
    hl_info("session", "%s gets the token %s (%s)", entry->account, entry->pass.id, entry->pass.name);
    mgr_call_done(entry->call, document);
}

static bool take_name(Entry *entry, GError **error)
{
    const char *name = mgr_call_argument(entry->call, "name");

    if (*name == '\0' || strlen(name) > HL_MAX_NAME)
        return mgr_refuse(error, MGR_REFUSE_TOKEN_WHAT_FOR, HL_NUMBER(HL_MAX_NAME), NULL);
    mgr_set_text(&entry->pass.name, name);
    return true;
}

static bool take_role(Entry *entry, GError **error)
{
    const char *text = mgr_call_argument(entry->call, "role");
    MgrRole limit = mgr_call_caller(entry->call)->role;

    if (text == NULL)
        return true;
    if (!mgr_role_parse(text, &entry->pass.role))
        return mgr_refuse(error, MGR_REFUSE_ROLE_UNKNOWN, text, NULL);
    return mgr_role_is_within(entry->pass.role, limit) ||
           mgr_refuse(error, MGR_REFUSE_TOKEN_ROLE, text, mgr_role_name(limit), NULL);
}

static bool take_groups(Entry *entry, GError **error)
{
    const char *text = mgr_call_argument(entry->call, "groups");
    g_auto(GStrv) names = NULL;

    if (text == NULL || *text == '\0')
        return true;
    g_free(entry->pass.groups);
    entry->pass.groups = mgr_account_groups(entry->calls->parts.fleet, text, error);
    if (entry->pass.groups == NULL)
        return false;
    names = g_strsplit(entry->pass.groups, ",", -1);
    for (gsize i = 0; names[i] != NULL; i++)
        if (!mgr_caller_sees(mgr_call_caller(entry->call), names[i]))
            return mgr_refuse(error, MGR_REFUSE_GROUP_UNKNOWN_HERE, names[i], NULL);
    return entry->pass.role != MGR_ROLE_OWNER || mgr_refuse(error, MGR_REFUSE_TOKEN_OWNER, NULL);
}

static bool check_room(const Entry *entry, GError **error)
{
    g_autoptr(GPtrArray) tokens =
        mgr_passes_list(entry->calls->parts.passes, MGR_PASS_TOKEN, entry->account, hl_clock_wall());

    return tokens->len < MOST_TOKENS ||
           mgr_refuse(error, MGR_REFUSE_TOKEN_QUOTA, entry->account, HL_NUMBER(MOST_TOKENS), NULL);
}

static void commit_token(Entry *entry)
{
    static const MgrChangeKind kind = { fold_token, fail_entry, entry_free };
    HlWriteSet *set = hl_write_set_new();

    if (entry->checked != NULL)
        mgr_write_password_proof(set, entry->account, entry->checked);
    mgr_write_pass(set, &entry->pass);
    mgr_call_commit(entry->call, entry->calls->parts.record, set, &kind, entry);
}

static void on_proven(const char *encoded G_GNUC_UNUSED, bool is_same, gpointer user)
{
    Entry *entry = user;
    g_autoptr(GError) error = NULL;

    if (!is_same)
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_WRONG, NULL);
    else
        count_right(entry);
    if (is_same && check_room(entry, &error))
        commit_token(entry);
    else
        give_up(entry, error);
}

/* A token outlives the session, and a change of the password. */
static bool begin_token(Entry *entry, GError **error)
{
    if (!has_to_prove(entry)) {
        commit_token(entry);
        return true;
    }
    if (mgr_call_argument(entry->call, "password") == NULL)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_NEEDED, NULL);
    return prove(entry, "password", on_proven, error);
}

static void call_token_create(MgrCall *call, gpointer user)
{
    MgrSessionCalls *calls = user;
    Entry *entry = entry_new(calls, call, mgr_call_admin(call));
    const MgrAccountRecord *account = account_of(entry);
    g_autoptr(GError) error = NULL;
    HlTime life;

    if (mgr_call_is_token(call))
        mgr_refuse(&error, MGR_REFUSE_PASSWORD_TOKEN, NULL);
    else if (mgr_call_duration(call, "lifetime", TOKEN_LIFE, HL_MINUTE, TOKEN_MOST, &life, &error))
        make_pass(entry, MGR_PASS_TOKEN, account, life);
    if (error != NULL || !take_name(entry, &error) || !take_role(entry, &error) || !take_groups(entry, &error) ||
        !check_room(entry, &error) || !begin_token(entry, &error))
        give_up(entry, error);
}

static const MgrCallRow rows[] = {
    { "session create", "name password", "code", MGR_NEED_CONSOLE, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_create },
    { "account password", "password", "name old", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_OTHERS, call_password },
    { "session prove", "password", "", MGR_NEED_READ, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_prove },
    { "token create", "name", "role groups lifetime password", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE,
      call_token_create },
    { .name = NULL },
};

MgrSessionCalls *mgr_session_calls_new(const MgrSessionCallsOptions *options, MgrDispatch *dispatch)
{
    MgrSessionCalls *calls = g_new0(MgrSessionCalls, 1);

    calls->parts = *options;
    calls->signin = mgr_signin_new();
    calls->hasher = mgr_hasher_new(entry_free);
    calls->passes = (MgrPassCalls){ options->record, options->passes };
    mgr_dispatch_add(dispatch, rows, calls);
    mgr_pass_calls_add(&calls->passes, dispatch);
    return calls;
}

void mgr_session_calls_free(MgrSessionCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_hasher_free(calls->hasher);
    mgr_signin_free(calls->signin);
    g_free(calls);
}
