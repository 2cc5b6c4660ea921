/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/code_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/core/signin.h"
#include "manager/core/totp.h"
#include "manager/daemon/ground/hasher.h"

#define OFFER_LIFE (10 * HL_MINUTE)

struct MgrCodeCalls {
    MgrCodeCallsOptions parts;
    MgrSignin *tries;
    MgrHasher *hasher;
    GHashTable *offers; /* account -> Offer * */
};

/* A key that no code was shown of yet. */
typedef struct {
    uint8_t key[MGR_TOTP_KEY];
    HlTime made; /* mono */
} Offer;

/* A key on its way through the registry. */
typedef struct {
    MgrCodeCalls *calls;
    MgrCall *call;
    char *account;
    char *code; /* base64; "": none from now on */
    int64_t step;
    char *tried;   /* key of the try, as the next one; NULL: no password is asked for */
    char *checked; /* the hash that the password was compared with */
} Change;

static void change_free(gpointer item)
{
    Change *change = item;

    g_free(change->account);
    g_free(change->code);
    g_free(change->tried);
    g_free(change->checked);
    g_free(change);
}

static void fail_change(gpointer item, const GError *error)
{
    mgr_call_fail(((const Change *)item)->call, error);
}

static void fold_change(gpointer item)
{
    Change *change = item;

    mgr_passes_put_code(change->calls->parts.passes, change->account, change->code, change->step);
    g_hash_table_remove(change->calls->offers, change->account);
    hl_info("account", "%s signs in %s one-time codes from now on, by %s", change->account,
            *change->code != '\0' ? "with" : "without", mgr_call_admin(change->call));
    mgr_call_done(change->call, NULL);
}

/* Takes the code. */
static Change *change_new(MgrCodeCalls *calls, MgrCall *call, const char *account, char *code, int64_t step)
{
    Change *change = g_new0(Change, 1);

    *change = (Change){ .calls = calls, .call = call, .account = g_strdup(account), .code = code, .step = step };
    return change;
}

static void commit(Change *change)
{
    static const MgrChangeKind kind = { fold_change, fail_change, change_free };
    HlWriteSet *set = hl_write_set_new();

    if (change->checked != NULL)
        mgr_write_password_proof(set, change->account, change->checked);
    mgr_write_code(set, change->account, change->code, change->step);
    mgr_call_commit(change->call, change->calls->parts.record, set, &kind, change);
}

static void give_up(Change *change, const GError *error)
{
    mgr_call_refuse(change->call, error);
    change_free(change);
}

static bool check_origin(const MgrCall *call, GError **error)
{
    return !mgr_call_is_token(call) || mgr_refuse(error, MGR_REFUSE_CODE_TOKEN, NULL);
}

static void call_create(MgrCall *call, gpointer user)
{
    MgrCodeCalls *calls = user;
    const char *account = mgr_call_admin(call);
    g_autofree char *text = NULL;
    g_autofree char *uri = NULL;
    g_autoptr(GError) error = NULL;
    Offer *offer;

    if (check_origin(call, &error) && mgr_passes_password(calls->parts.passes, account) == NULL)
        mgr_refuse(&error, MGR_REFUSE_CODE_NO_PASSWORD, account, NULL);
    else if (error == NULL && mgr_passes_has_code(calls->parts.passes, account))
        mgr_refuse(&error, MGR_REFUSE_CODE_EXISTS, account, NULL);
    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    offer = g_new0(Offer, 1);
    hl_random_bytes(offer->key, sizeof offer->key);
    offer->made = hl_clock_mono();
    g_hash_table_replace(calls->offers, g_strdup(account), offer);
    text = mgr_totp_text(offer->key, sizeof offer->key);
    uri = mgr_totp_uri(offer->key, sizeof offer->key, account);
    mgr_call_done(call, json_pack("{s:s, s:s, s:s}", "account", account, "secret", text, "uri", uri));
}

static void on_proven(const char *encoded G_GNUC_UNUSED, bool is_same, gpointer user)
{
    Change *change = user;
    g_autoptr(GError) error = NULL;

    if (is_same) {
        mgr_signin_good(change->calls->tries, change->tried);
        commit(change);
        return;
    }
    mgr_refuse(&error, MGR_REFUSE_PASSWORD_WRONG, NULL);
    give_up(change, error);
}

static bool ask_password(Change *change, GError **error)
{
    MgrCodeCalls *calls = change->calls;
    const char *password = mgr_call_argument(change->call, "password");
    const char *const keys[] = { change->tried, NULL };

    if (password == NULL)
        return mgr_refuse(error, MGR_REFUSE_PASSWORD_NEEDED, NULL);
    if (!mgr_signin_may(calls->tries, keys, hl_clock_mono(), error))
        return false;
    if (mgr_hasher_check(calls->hasher, change->checked, password, on_proven, change, error))
        return true;
    mgr_signin_take_back(calls->tries, change->tried); /* nobody looked at it */
    return false;
}

/* A key that is in force locks out who does not have it: with a session, which somebody may have found open, it takes
 * the password. */
static void put_in_force(Change *change)
{
    MgrCodeCalls *calls = change->calls;
    g_autoptr(GError) error = NULL;

    if (mgr_call_pass(change->call) != NULL)
        change->checked = g_strdup(mgr_passes_password(calls->parts.passes, change->account));
    if (change->checked == NULL) {
        commit(change);
        return;
    }
    change->tried = g_strconcat("password ", change->account, NULL);
    if (!ask_password(change, &error))
        give_up(change, error);
}

static void call_confirm(MgrCall *call, gpointer user)
{
    MgrCodeCalls *calls = user;
    const char *account = mgr_call_admin(call);
    const Offer *offer = g_hash_table_lookup(calls->offers, account);
    g_autoptr(GError) error = NULL;
    int64_t step = 0;

    if (!check_origin(call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (offer == NULL || hl_clock_mono() - offer->made >= OFFER_LIFE) {
        mgr_refuse(&error, MGR_REFUSE_CODE_NO_KEY, NULL);
    } else {
        step = mgr_totp_check(offer->key, sizeof offer->key, mgr_call_argument(call, "code"), hl_clock_wall(), 0);
        if (step == 0)
            mgr_refuse(&error, MGR_REFUSE_CODE_WRONG_KEY, NULL);
    }
    if (error != NULL)
        mgr_call_fail(call, error);
    else
        put_in_force(change_new(calls, call, account, g_base64_encode(offer->key, sizeof offer->key), step));
}

/* Who found a browser open does not make the account weaker: with a session it takes a code. */
static bool prove(MgrCodeCalls *calls, const MgrCall *call, const char *account, GError **error)
{
    const char *const keys[] = { account, NULL };

    if (mgr_call_pass(call) == NULL)
        return true;
    if (!mgr_signin_may(calls->tries, keys, hl_clock_mono(), error))
        return false;
    if (mgr_passes_take_code(calls->parts.passes, account, mgr_call_argument(call, "code"), hl_clock_wall()) == 0)
        return mgr_refuse(error, MGR_REFUSE_CODE_WRONG, NULL);
    mgr_signin_good(calls->tries, account);
    return true;
}

static bool check_delete(MgrCodeCalls *calls, const MgrCall *call, const char *account, GError **error)
{
    bool is_own = strcmp(account, mgr_call_admin(call)) == 0;

    if (!check_origin(call, error))
        return false;
    if (!is_own && mgr_call_caller(call)->role != MGR_ROLE_OWNER) /* who has some is nobody else's business */
        return mgr_refuse(error, MGR_REFUSE_CODE_OTHERS, mgr_call_admin(call), NULL);
    if (mgr_accounts_get(calls->parts.fleet->accounts, account) == NULL)
        return mgr_accounts_unknown_fail(calls->parts.fleet->accounts, mgr_call_caller(call), account, error);
    if (!mgr_passes_has_code(calls->parts.passes, account))
        return mgr_refuse(error, MGR_REFUSE_CODE_NONE, account, NULL);
    return !is_own || prove(calls, call, account, error);
}

static void call_delete(MgrCall *call, gpointer user)
{
    MgrCodeCalls *calls = user;
    const char *account = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;

    if (check_delete(calls, call, account, &error))
        commit(change_new(calls, call, account, g_strdup(""), 0));
    else
        mgr_call_refuse(call, error);
}

static const MgrCallRow rows[] = {
    { "code create", "", "", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_create },
    { "code confirm", "code", "password", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_confirm },
    { "code delete", "name", "code", MGR_NEED_SELF, MGR_SCOPE_NONE, MGR_PROOF_OTHERS, call_delete },
    { .name = NULL },
};

MgrCodeCalls *mgr_code_calls_new(const MgrCodeCallsOptions *options, MgrDispatch *dispatch)
{
    MgrCodeCalls *calls = g_new0(MgrCodeCalls, 1);

    calls->parts = *options;
    calls->tries = mgr_signin_new();
    calls->hasher = mgr_hasher_new(change_free);
    calls->offers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_code_calls_free(MgrCodeCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_hasher_free(calls->hasher);
    g_hash_table_unref(calls->offers);
    mgr_signin_free(calls->tries);
    g_free(calls);
}
