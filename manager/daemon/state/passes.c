/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/passes.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/digest.h"
#include "manager/core/signin.h"
#include "manager/core/totp.h"

#define TEXT_BYTES 32
#define USE_STEP   HL_MINUTE /* of what the registry knows of the use */

struct MgrPasses {
    MgrPassesOptions parts;
    GHashTable *passes;  /* hash -> MgrPassRecord * */
    GHashTable *secrets; /* account -> MgrSecretRecord * */
    bool is_loaded;
};

static void pass_free(gpointer item)
{
    mgr_pass_record_clear(item);
    g_free(item);
}

static void secret_free(gpointer item)
{
    mgr_secret_record_clear(item);
    g_free(item);
}

static void on_pass(MgrPassRecord *record, gpointer user)
{
    mgr_passes_put(user, record);
}

static void on_secret(MgrSecretRecord *record, gpointer user)
{
    mgr_passes_put_secret(user, record);
    mgr_passes_put_code(user, record->account, record->code, record->code_step);
}

static void tell_changed(const MgrPasses *passes)
{
    if (passes->is_loaded && passes->parts.changed != NULL)
        passes->parts.changed(passes->parts.user);
}

MgrPasses *mgr_passes_new(const MgrPassesOptions *options)
{
    MgrPasses *passes = g_new0(MgrPasses, 1);
    HlDb *db = mgr_record_reader(options->record);
    g_autoptr(GError) error = NULL;

    passes->parts = *options;
    passes->passes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, pass_free);
    passes->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, secret_free);
    if (!mgr_registry_load_secrets(db, on_secret, passes, &error) ||
        !mgr_registry_load_passes(db, on_pass, passes, &error))
        hl_error("passes", "sessions and tokens cannot be read, people have to sign in again: %s", error->message);
    mgr_passes_sweep(passes, hl_clock_wall()); /* a restore brings passwords back of accounts that are gone */
    passes->is_loaded = true;
    return passes;
}

void mgr_passes_free(MgrPasses *passes)
{
    if (passes == NULL)
        return;
    g_hash_table_unref(passes->passes);
    g_hash_table_unref(passes->secrets);
    g_free(passes);
}

char *mgr_pass_text(MgrPassKind kind)
{
    unsigned char bytes[TEXT_BYTES];
    g_autofree char *text = NULL;

    hl_random_bytes(bytes, sizeof bytes);
    text = g_base64_encode(bytes, sizeof bytes);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
    return g_strconcat(kind == MGR_PASS_TOKEN ? MGR_TOKEN_PREFIX : "", text, NULL);
}

static bool is_good(const MgrPasses *passes, const MgrPassRecord *pass, HlTime now)
{
    const MgrAccountRecord *account = mgr_accounts_get(passes->parts.fleet->accounts, pass->account);

    if (account == NULL || account->disabled_at != 0 || now >= pass->ends_at)
        return false;
    if (pass->kind == MGR_PASS_TOKEN) /* an auditor's and an operator's rights have a role in common that nobody has */
        return mgr_role_is_within(pass->role, account->role) || mgr_role_is_within(account->role, pass->role);
    return now - pass->used_at < MGR_SESSION_IDLE && pass->used_at - now < MGR_CLOCK_SLACK &&
           account->role == pass->role && strcmp(account->groups, pass->groups) == 0;
}

const MgrPassRecord *mgr_passes_find(MgrPasses *passes, const char *text, HlTime now)
{
    g_autofree char *hash = hl_sha256_hex(text, strlen(text));
    const MgrPassRecord *pass = g_hash_table_lookup(passes->passes, hash);

    return pass != NULL && is_good(passes, pass, now) ? pass : NULL;
}

/* Those of the account's groups that are the token's too; "" would be all, so none at all is a group that nobody can
 * make. */
static char *common(const char *of_account, const char *of_pass)
{
    g_auto(GStrv) mine = g_strsplit(of_pass, ",", -1);
    g_auto(GStrv) theirs = g_strsplit(of_account, ",", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    if (*of_pass == '\0' || *of_account == '\0')
        return g_strdup(*of_pass == '\0' ? of_account : of_pass);
    for (gsize i = 0; mine[i] != NULL; i++)
        if (g_strv_contains((const char *const *)theirs, mine[i]))
            g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "", mine[i]);
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : g_strdup("/");
}

void mgr_passes_caller(const MgrPasses *passes, const MgrPassRecord *pass, MgrCaller *caller)
{
    const MgrAccountRecord *account = mgr_accounts_get(passes->parts.fleet->accounts, pass->account);
    g_autofree char *groups = common(account->groups, pass->groups);
    MgrRole role = mgr_role_is_within(pass->role, account->role) ? pass->role : account->role;

    if (role == MGR_ROLE_OWNER &&
        *groups != '\0') /* earlier versions made such tokens: an owner's calls know no groups */
        role = MGR_ROLE_ADMINISTRATOR;
    mgr_caller_init(caller, account->name, role, groups);
}

void mgr_passes_use(MgrPasses *passes, const MgrPassRecord *pass, HlTime now)
{
    MgrPassRecord *mine = g_hash_table_lookup(passes->passes, pass->hash);

    /* a clock that was set back does not end it */
    if (now / USE_STEP != mine->used_at / USE_STEP)
        mgr_write_pass_use(mgr_record_background(passes->parts.record), mine->hash, now);
    mine->used_at = now;
}

void mgr_passes_put(MgrPasses *passes, const MgrPassRecord *pass)
{
    MgrPassRecord *copy = g_new0(MgrPassRecord, 1);

    mgr_pass_record_copy(copy, pass);
    g_hash_table_replace(passes->passes, copy->hash, copy);
}

void mgr_passes_remove(MgrPasses *passes, const char *hash)
{
    g_hash_table_remove(passes->passes, hash);
    tell_changed(passes);
}

/* With another password the sessions are over, and the one-time codes stay (mgr_write_secret). */
void mgr_passes_put_secret(MgrPasses *passes, const MgrSecretRecord *secret)
{
    const MgrSecretRecord *before = g_hash_table_lookup(passes->secrets, secret->account);
    MgrSecretRecord *copy = g_new0(MgrSecretRecord, 1);
    GHashTableIter iter;
    gpointer value;

    *copy = (MgrSecretRecord){ .account = g_strdup(secret->account),
                               .password = g_strdup(secret->password),
                               .changed_at = secret->changed_at,
                               .code = g_strdup(before != NULL ? before->code : ""),
                               .code_step = before != NULL ? before->code_step : 0 };
    g_hash_table_replace(passes->secrets, copy->account, copy);
    g_hash_table_iter_init(&iter, passes->passes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrPassRecord *pass = value;

        if (pass->kind == MGR_PASS_SESSION && strcmp(pass->account, secret->account) == 0)
            g_hash_table_iter_remove(&iter);
    }
    tell_changed(passes);
}

static bool has_account(const MgrPasses *passes, const char *name)
{
    return mgr_accounts_get(passes->parts.fleet->accounts, name) != NULL;
}

/* A clock that is ahead takes nothing away, and what is new by the wall clock is not judged by the believed time, which
 * may be far behind after an outage.  The tokens of a disabled account wait for it to be enabled again. */
static bool stays(const MgrPasses *passes, const MgrPassRecord *pass, HlTime now, HlTime believed)
{
    return is_good(passes, pass, now) || is_good(passes, pass, believed) ||
           (pass->kind == MGR_PASS_TOKEN && believed < pass->ends_at && has_account(passes, pass->account));
}

void mgr_passes_sweep(MgrPasses *passes, HlTime now)
{
    HlTime believed = MIN(now, mgr_fleet_believed(passes->parts.fleet));
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    bool any = false;
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, passes->passes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrPassRecord *pass = value;

        if (stays(passes, pass, now, believed))
            continue;
        mgr_write_pass_end(set, pass->hash);
        g_hash_table_iter_remove(&iter);
        any = true;
    }
    g_hash_table_iter_init(&iter, passes->secrets);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!has_account(passes, key)) {
            mgr_write_passes_removal(set, key);
            g_hash_table_iter_remove(&iter);
            any = true;
        }
    if (any)
        mgr_record_write(passes->parts.record, g_steal_pointer(&set));
    tell_changed(passes);
}

const char *mgr_passes_password(const MgrPasses *passes, const char *account)
{
    const MgrSecretRecord *secret = g_hash_table_lookup(passes->secrets, account);

    return secret != NULL ? secret->password : NULL;
}

bool mgr_passes_has_code(const MgrPasses *passes, const char *account)
{
    const MgrSecretRecord *secret = g_hash_table_lookup(passes->secrets, account);

    return secret != NULL && *secret->code != '\0';
}

int64_t mgr_passes_take_code(MgrPasses *passes, const char *account, const char *code, HlTime now)
{
    MgrSecretRecord *secret = g_hash_table_lookup(passes->secrets, account);
    g_autofree guchar *key = NULL;
    gsize size = 0;
    int64_t step;

    if (secret == NULL || *secret->code == '\0')
        return 0;
    key = g_base64_decode(secret->code, &size);
    step = mgr_totp_check(key, size, code, now, secret->code_step);
    secret->code_step = MAX(secret->code_step, step);
    return step;
}

void mgr_passes_put_code(MgrPasses *passes, const char *account, const char *code, int64_t step)
{
    MgrSecretRecord *secret = g_hash_table_lookup(passes->secrets, account);

    if (secret == NULL) /* the account was deleted a moment ago */
        return;
    mgr_set_text(&secret->code, code);
    secret->code_step = step;
}

/* By the name that calls have of it: there are at most as many as people are signed in. */
static MgrPassRecord *find_named(MgrPasses *passes, const char *id)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, passes->passes);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((const MgrPassRecord *)value)->id, id) == 0)
            return value;
    return NULL;
}

bool mgr_passes_prove(MgrPasses *passes, const char *id, HlTime mono)
{
    MgrPassRecord *pass = find_named(passes, id);

    if (pass == NULL)
        return false;
    pass->proven_at = mono;
    return true;
}

bool mgr_passes_is_proven(MgrPasses *passes, const char *id, HlTime mono)
{
    const MgrPassRecord *pass = find_named(passes, id);

    return pass != NULL && pass->proven_at != 0 && mono - pass->proven_at < MGR_PROOF_LIFE;
}

static int compare_age(gconstpointer a, gconstpointer b)
{
    const MgrPassRecord *one = *(const MgrPassRecord *const *)a;
    const MgrPassRecord *other = *(const MgrPassRecord *const *)b;

    if (one->created_at != other->created_at)
        return one->created_at > other->created_at ? -1 : 1;
    return strcmp(one->id, other->id);
}

GPtrArray *mgr_passes_list(MgrPasses *passes, MgrPassKind kind, const char *account, HlTime now)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, passes->passes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrPassRecord *pass = value;

        if (pass->kind == kind && (account == NULL || strcmp(pass->account, account) == 0) &&
            is_good(passes, pass, now))
            g_ptr_array_add(list, pass);
    }
    g_ptr_array_sort(list, compare_age);
    return list;
}

bool mgr_passes_meet(const MgrPasses *passes, const MgrPassRecord *pass, const MgrCaller *caller)
{
    const MgrAccountRecord *account = mgr_accounts_get(passes->parts.fleet->accounts, pass->account);
    g_auto(GStrv) groups = g_strsplit(pass->groups, ",", -1);
    bool meets = *pass->groups == '\0';

    for (gsize i = 0; groups[i] != NULL && !meets; i++)
        meets = mgr_caller_sees(caller, groups[i]);
    return meets && account != NULL && mgr_accounts_meets(account, caller);
}

guint mgr_passes_count_limited(const MgrPasses *passes, const char *group)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, passes->passes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrPassRecord *pass = value;

        n += pass->kind == MGR_PASS_TOKEN && mgr_groups_have(pass->groups, group);
    }
    return n;
}
