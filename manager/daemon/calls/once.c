/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/once.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "lib/pki/digest.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/audit_text.h"
#include "manager/store/once.h"
#include "proto/bounds.h"

#define SWEEP_EVERY HL_HOUR

struct MgrOnce {
    MgrOnceOptions parts;
    GHashTable *accounts; /* name -> Account * */
    HlTime swept;         /* the registry; wall */
};

/* Each kind has bounds of its own: keys that came with a session, with a token, and those of the account's certificate.
 * A script cannot lock anybody out of the console. */
typedef enum { KIND_SESSION, KIND_TOKEN, KIND_OWN, KIND_N } Kind;

typedef struct {
    char *name;
    GHashTable *entries; /* hash of the key -> Entry * */
    guint keys[KIND_N];
    gsize bytes[KIND_N]; /* of their answers */
    HlTime created;      /* when the account of that name was made: they are of no other; 0: there is none */
} Account;

typedef struct {
    char *digest; /* of what was asked, but for secrets */
    char *full;   /* the same with them; NULL: it was asked of a manager before */
    HlTime at;    /* wall */
    gsize size;   /* of the answer */
    bool is_under_way;
    bool is_orphan;       /* its account is gone: nothing of it stays */
    MgrOnceAnswer secret; /* json NULL: the registry has it */
} Entry;

struct MgrClaim {
    MgrOnce *once;
    Account *account;
    char *key; /* its hash */
    Entry *entry;
    json_t *parts;
    gsize size;     /* of what went out, as it was sent: about that of the parts; beyond the bound they are dropped */
    bool is_secret; /* what it answers */
};

/* Calls whose answers have what is shown once. */
static const char *const secretive[] = { "token create", "bundle create", "notification set", NULL };

bool mgr_once_takes(const HlMsgCall *message)
{
    return strcmp(message->name, "code create") != 0; /* each makes another key, in place of the one before */
}

void mgr_once_answer_clear(MgrOnceAnswer *answer)
{
    g_clear_pointer(&answer->code, g_free);
    g_clear_pointer(&answer->message, g_free);
    g_clear_pointer(&answer->json, g_free);
}

static void free_entry(gpointer item)
{
    Entry *entry = item;

    mgr_once_answer_clear(&entry->secret);
    g_free(entry->digest);
    g_free(entry->full);
    g_free(entry);
}

static void free_account(gpointer item)
{
    Account *account = item;

    g_hash_table_unref(account->entries);
    g_free(account->name);
    g_free(account);
}

static HlTime created_at(const MgrOnce *once, const char *name)
{
    const MgrAccountRecord *record = mgr_accounts_get(once->parts.fleet->accounts, name);

    return record != NULL ? record->created_at : 0;
}

static Account *account_of(MgrOnce *once, const char *name)
{
    Account *account = g_hash_table_lookup(once->accounts, name);

    if (account != NULL)
        return account;
    account = g_new0(Account, 1);
    account->name = g_strdup(name);
    account->created = created_at(once, name);
    account->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
    g_hash_table_insert(once->accounts, account->name, account);
    return account;
}

/* Before the digest of what was asked with the account's own certificate. */
#define OWN   "own:"
#define TOKEN "token:" /* and of what was asked with a token */

static bool is_own(const Entry *entry)
{
    return g_str_has_prefix(entry->digest, OWN);
}

static Kind kind_of(const char *digest)
{
    return g_str_has_prefix(digest, OWN) ? KIND_OWN : g_str_has_prefix(digest, TOKEN) ? KIND_TOKEN : KIND_SESSION;
}

static void set_size(Account *account, Entry *entry, gsize size)
{
    account->bytes[kind_of(entry->digest)] += size - entry->size;
    entry->size = size;
}

/* Before it leaves the table. */
static void discount(Account *account, const Entry *entry)
{
    account->keys[kind_of(entry->digest)]--;
    account->bytes[kind_of(entry->digest)] -= entry->size;
}

static Entry *add_entry(Account *account, const char *key, const char *digest, HlTime at)
{
    Entry *entry = g_new0(Entry, 1);

    entry->digest = g_strdup(digest);
    entry->at = at;
    account->keys[kind_of(entry->digest)]++;
    g_hash_table_replace(account->entries, g_strdup(key), entry);
    return entry;
}

static void on_loaded(const MgrOnceRecord *record, gsize size, gpointer user)
{
    Account *account = account_of(user, record->account);

    set_size(account, add_entry(account, record->key, record->digest, record->at), size);
}

MgrOnce *mgr_once_new(const MgrOnceOptions *options)
{
    MgrOnce *once = g_new0(MgrOnce, 1);
    g_autoptr(GError) error = NULL;

    once->parts = *options;
    once->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_account);
    if (!mgr_registry_load_once(mgr_record_reader(options->record), on_loaded, once, &error))
        hl_error("once", "what was done under keys cannot be read, and is done again if it is asked for again: %s",
                 error->message);
    return once;
}

void mgr_once_free(MgrOnce *once)
{
    if (once == NULL)
        return;
    g_hash_table_unref(once->accounts);
    g_free(once);
}

/* ----------------------------------------------------------------------------------------------------------- claims */

/* Visible ASCII: what every client and every log writes alike. */
static bool check_key(const char *key, GError **error)
{
    bool is_good = strlen(key) <= HL_MAX_ONCE;

    for (const char *c = key; is_good && *c != '\0'; c++)
        is_good = g_ascii_isgraph(*c);
    return is_good || mgr_refuse(error, MGR_REFUSE_ONCE_KEY, HL_NUMBER(HL_MAX_ONCE), NULL);
}

/* A signing request is left out of the audit log for its length alone. */
static bool is_secret(const HlMsgArgument *argument)
{
    return mgr_audit_is_secret(argument->name) && strcmp(argument->name, "csr") != 0;
}

static bool has_secret(const HlMsgCall *message)
{
    for (size_t i = 0; i < message->n_arguments; i++)
        if (is_secret(message->arguments[i]))
            return true;
    return false;
}

/* One session of an account is as good as the next, and a person may have to sign in again before they ask again; but
 * a token may be somebody else's. */
static const char *pass_of(const char *pass)
{
    if (pass == NULL)
        return "";
    return g_str_has_prefix(pass, "s-") ? "session" : pass;
}

/* Call, arguments, the pass and for whose groups; each text with its end, so that none can pass for two. */
static char *digest_of(const MgrCaller *caller, const char *pass, const HlMsgCall *message, bool with_secrets)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    g_autofree char *groups = caller->groups != NULL ? g_strjoinv(",", caller->groups) : g_strdup("");
    g_autofree char *digest = NULL;

    g_byte_array_append(text, (const guint8 *)message->name, (guint)strlen(message->name) + 1);
    g_byte_array_append(text, (const guint8 *)groups, (guint)strlen(groups) + 1);
    g_byte_array_append(text, (const guint8 *)pass, (guint)strlen(pass) + 1);
    for (size_t i = 0; i < message->n_arguments; i++) {
        const HlMsgArgument *argument = message->arguments[i];
        const char *value = with_secrets || !is_secret(argument) ? argument->value : "";

        g_byte_array_append(text, (const guint8 *)argument->name, (guint)strlen(argument->name) + 1);
        g_byte_array_append(text, (const guint8 *)value, (guint)strlen(value) + 1);
    }
    digest = hl_sha256_hex(text->data, text->len);
    return g_strconcat(*pass == '\0' ? OWN : g_str_has_prefix(pass, "t-") ? TOKEN : "", digest, NULL);
}

/* Whether that is what was asked under the key. */
static bool is_same(const Entry *entry, const MgrCaller *caller, const char *pass, const HlMsgCall *message)
{
    g_autofree char *digest = digest_of(caller, pass_of(pass), message, false);
    g_autofree char *full = digest_of(caller, pass_of(pass), message, true);
    g_autofree char *earlier = NULL;

    if (strcmp(entry->digest, digest) == 0)
        return entry->full == NULL || strcmp(entry->full, full) == 0;
    if (entry->full != NULL || pass == NULL)
        return false;
    /* The manager of before an upgrade wrote the session's own id, and a token's like a session's.  Keys live a day:
     * goes with the next version. */
    earlier = digest_of(caller, pass, message, false);
    return strcmp(entry->digest, earlier + (kind_of(earlier) == KIND_TOKEN ? strlen(TOKEN) : 0)) == 0;
}

/* No later than what can be believed of the clock: one that was set ahead forgets nothing.  And one that was ahead when
 * the key came does not make it last for years. */
static bool is_over(const MgrOnce *once, const Entry *entry, HlTime now)
{
    HlTime believed = MIN(now, mgr_fleet_believed(once->parts.fleet));
    HlTime life = is_own(entry) ? MGR_ONCE_OWN_LIFE : MGR_ONCE_LIFE;

    return !entry->is_under_way && (believed - entry->at >= life || entry->at - now >= life);
}

static void forget(Account *account, GHashTableIter *iter, const Entry *entry)
{
    discount(account, entry);
    g_hash_table_iter_remove(iter);
}

static void forget_over(const MgrOnce *once, Account *account, HlTime now)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, account->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_over(once, value, now))
            forget(account, &iter, value);
}

/* Of an account that was deleted, and whose name somebody else has now; the registry has forgotten them with it. */
static void forget_earlier(const MgrOnce *once, Account *account)
{
    HlTime created = created_at(once, account->name);
    GHashTableIter iter;
    gpointer value;

    if (created == account->created)
        return;
    account->created = created;
    g_hash_table_iter_init(&iter, account->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Entry *entry = value;

        entry->is_orphan = entry->is_under_way;
        if (!entry->is_under_way)
            forget(account, &iter, entry);
    }
}

/* Those of accounts that do not ask any longer, too: a deleted one leaves no answers behind. */
static void sweep(MgrOnce *once, Account *account, HlTime now)
{
    HlTime believed = MIN(now, mgr_fleet_believed(once->parts.fleet));
    GHashTableIter iter;
    gpointer value;

    forget_over(once, account, now);
    if (ABS(now - once->swept) < SWEEP_EVERY)
        return;
    once->swept = now;
    g_hash_table_iter_init(&iter, once->accounts);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        forget_earlier(once, value);
        forget_over(once, value, now);
    }
    mgr_write_once_sweep(mgr_record_background(once->parts.record), believed - MGR_ONCE_LIFE, OWN,
                         believed - MGR_ONCE_OWN_LIFE);
}

static bool has_room(const Account *account, Kind kind)
{
    return account->keys[kind] < MGR_ONCE_MAX_KEYS && account->bytes[kind] < MGR_ONCE_MAX_BYTES;
}

/* The key of the oldest one of the own certificate that is not under way; NULL: there is none. */
static const char *oldest_own(const Account *account)
{
    const char *oldest = NULL;
    HlTime at = G_MAXINT64;
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, account->entries);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const Entry *entry = value;

        if (!is_own(entry) || entry->is_under_way || entry->at >= at)
            continue;
        oldest = key;
        at = entry->at;
    }
    return oldest;
}

/* The program that asked with the oldest of a thousand calls is long through with it, so a script that makes more of
 * them does not run into the bound. */
static void make_room(const MgrOnce *once, Account *account)
{
    const char *key;

    while (!has_room(account, KIND_OWN) && (key = oldest_own(account)) != NULL) {
        const Entry *entry = g_hash_table_lookup(account->entries, key);
        MgrOnceRecord record = { .account = account->name, .key = key, .at = entry->at };

        mgr_write_once_removal(mgr_record_background(once->parts.record), &record);
        discount(account, entry);
        g_hash_table_remove(account->entries, key);
    }
}

static bool check_room(const Account *account, Kind kind, GError **error)
{
    if (has_room(account, kind))
        return true;
    if (kind == KIND_OWN)
        return mgr_refuse(error, MGR_REFUSE_ONCE_BUSY, account->name, HL_NUMBER(account->keys[kind]), NULL);
    return mgr_refuse(error, MGR_REFUSE_ONCE_TOO_MANY, account->name, HL_NUMBER(account->keys[kind]),
                      HL_NUMBER(account->bytes[kind] / 1024), HL_NUMBER(MGR_ONCE_MAX_KEYS),
                      HL_NUMBER(MGR_ONCE_MAX_BYTES / 1024), NULL);
}

static void on_read(const MgrOnceRecord *record, gsize size G_GNUC_UNUSED, gpointer user)
{
    MgrOnceAnswer *answer = user;

    if (record->answer == NULL && *record->code == '\0')
        return;
    *answer = (MgrOnceAnswer){ .code = g_strdup(record->code),
                               .message = g_strdup(record->message),
                               .json = g_strdup(record->answer != NULL ? record->answer : "{}") };
}

static void copy_answer(MgrOnceAnswer *to, const MgrOnceAnswer *from)
{
    *to = (MgrOnceAnswer){ .code = g_strdup(from->code),
                           .message = g_strdup(from->message),
                           .json = g_strdup(from->json) };
}

/* A sentence says which EXISTS it is: a client that asks again by itself goes on, or has something to tell. */
static bool fail_unknown(const Entry *entry, const char *call, GError **error)
{
    g_autofree char *at = hl_time_format(entry->at);

    return is_own(entry) ? mgr_refuse(error, MGR_REFUSE_ONCE_DONE_OWN, call, at, NULL)
                         : mgr_refuse(error, MGR_REFUSE_ONCE_DONE, call, at, NULL);
}

/* Of a call whose key is known: the answer, or why there is none. */
static bool find_answer(const MgrOnce *once, const Account *account, const char *key, const Entry *entry,
                        const HlMsgCall *message, MgrOnceAnswer *answer, GError **error)
{
    answer->is_under_way = entry->is_under_way;
    if (entry->is_under_way)
        return mgr_refuse(error, MGR_REFUSE_ONCE_UNDER_WAY, NULL);
    if (entry->full == NULL && has_secret(message)) /* whether it is the same secret nobody knows */
        return fail_unknown(entry, message->name, error);
    if (entry->secret.json != NULL)
        copy_answer(answer, &entry->secret);
    else if (!mgr_registry_read_once(mgr_record_committed(once->parts.record), account->name, key, on_read, answer,
                                     error))
        return false;
    return answer->json != NULL || fail_unknown(entry, message->name, error);
}

static MgrClaim *claim_new(MgrOnce *once, Account *account, const char *key, Entry *entry, const HlMsgCall *message)
{
    MgrClaim *claim = g_new0(MgrClaim, 1);

    entry->is_under_way = true;
    *claim = (MgrClaim){ .once = once,
                         .account = account,
                         .key = g_strdup(key),
                         .entry = entry,
                         .is_secret = g_strv_contains(secretive, message->name) };
    return claim;
}

MgrOnceResult mgr_once_claim(MgrOnce *once, const MgrCaller *caller, const char *pass, const HlMsgCall *message,
                             HlTime now, MgrClaim **claim, MgrOnceAnswer *answer, GError **error)
{
    g_autofree char *key = hl_sha256_hex(message->once, strlen(message->once));
    g_autofree char *digest = NULL;
    Account *account = account_of(once, caller->account);
    Entry *entry;

    if (!check_key(message->once, error))
        return MGR_ONCE_REFUSED;
    forget_earlier(once, account);
    sweep(once, account, now);
    entry = g_hash_table_lookup(account->entries, key);
    if (entry == NULL) {
        digest = digest_of(caller, pass_of(pass), message, false);
        if (pass == NULL)
            make_room(once, account);
        if (!check_room(account, kind_of(digest), error))
            return MGR_ONCE_REFUSED;
        entry = add_entry(account, key, digest, now);
        entry->full = digest_of(caller, pass_of(pass), message, true);
        *claim = claim_new(once, account, key, entry, message);
        return MGR_ONCE_FIRST;
    }
    if (!is_same(entry, caller, pass, message)) {
        mgr_refuse(error, MGR_REFUSE_ONCE_OTHER, NULL);
        return MGR_ONCE_REFUSED;
    }
    return find_answer(once, account, key, entry, message, answer, error) ? MGR_ONCE_AGAIN : MGR_ONCE_REFUSED;
}

static MgrOnceRecord record_of(const MgrClaim *claim)
{
    return (MgrOnceRecord){ .account = claim->account->name,
                            .key = claim->key,
                            .digest = claim->entry->digest,
                            .at = claim->entry->at,
                            .code = "",
                            .message = "" };
}

void mgr_claim_note(const MgrClaim *claim, HlWriteSet *set)
{
    MgrOnceRecord record = record_of(claim);

    mgr_write_once(set, &record);
}

static bool is_too_long(const MgrClaim *claim)
{
    return claim->size > MGR_ONCE_MAX_ANSWER;
}

void mgr_claim_gather(MgrClaim *claim, const json_t *part, gsize size)
{
    const char *name;
    json_t *value;

    claim->size += size;
    if (is_too_long(claim)) {
        g_clear_pointer(&claim->parts, json_decref);
        return;
    }
    if (claim->parts == NULL)
        claim->parts = json_object();
    json_object_foreach(hl_unconst(part), name, value)
    {
        json_t *old = json_object_get(claim->parts, name);

        if (json_is_array(old) && json_is_array(value))
            json_array_extend(old, value);
        else if (json_is_array(value)) /* it grows, and the part is somebody else's */
            json_object_set_new(claim->parts, name, json_copy(value));
        else
            json_object_set(claim->parts, name, value);
    }
}

/* Of this claim, and not of one that is over. */
static void on_found(const MgrOnceRecord *record, gsize size G_GNUC_UNUSED, gpointer user)
{
    HlTime *at = user;

    *at = record->at;
}

bool mgr_claim_is_done(const MgrClaim *claim)
{
    HlTime at = 0;
    g_autoptr(GError) error = NULL;

    if (!mgr_registry_read_once(mgr_record_committed(claim->once->parts.record), claim->account->name, claim->key,
                                on_found, &at, &error))
        hl_log_limited(HL_LOG_ERROR, "once", "read", "whether a call was done cannot be read: %s", error->message);
    return at == claim->entry->at;
}

/* Behind the note, in whichever set that is, and before one of a claim that comes later. */
void mgr_claim_take_back(const MgrClaim *claim)
{
    MgrRecord *record = claim->once->parts.record;
    MgrOnceRecord row = record_of(claim);

    mgr_write_once_removal(mgr_record_background(record), &row);
    mgr_record_flush(record);
}

/* What is told again; NULL: it is too long, or what goes before it was.  Caller frees. */
static char *print_answer(MgrClaim *claim, const json_t *last)
{
    g_autofree char *json = NULL;

    mgr_claim_gather(claim, last, 0);
    if (is_too_long(claim))
        return NULL;
    json = hl_json_print(claim->parts);
    return strlen(json) <= MGR_ONCE_MAX_ANSWER ? g_steal_pointer(&json) : NULL;
}

void mgr_claim_keep(MgrClaim *claim, HlWriteSet *set, const GError *error, const json_t *last)
{
    Entry *entry = claim->entry;
    MgrOnceRecord record = record_of(claim);
    g_autofree char *json = NULL;

    if (entry->is_orphan) {
        mgr_write_once_removal(set, &record);
        return;
    }
    json = print_answer(claim, last);
    if (error != NULL) {
        record.code = hl_error_name(hl_error_code(error));
        record.message = error->message;
    }
    if (json != NULL)
        set_size(claim->account, entry, strlen(json) + strlen(record.message));
    if (json != NULL && claim->is_secret && error == NULL)
        entry->secret =
            (MgrOnceAnswer){ .code = g_strdup(""), .message = g_strdup(""), .json = g_steal_pointer(&json) };
    else
        record.answer = json;
    mgr_write_once_answer(set, &record);
}

void mgr_claim_end(MgrClaim *claim, MgrClaimEnd end)
{
    claim->entry->is_under_way = false;
    if (end == MGR_CLAIM_UNDONE || claim->entry->is_orphan) {
        discount(claim->account, claim->entry);
        g_hash_table_remove(claim->account->entries, claim->key);
    }
    json_decref(claim->parts);
    g_free(claim->key);
    g_free(claim);
}
