/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/journal.h"

#include <string.h>

#include "lib/base/ident.h"

#define INT(value) ((json_int_t)(value))

/* Takes the document. */
static char *print(json_t *document)
{
    char *text = hl_json_print(document);

    json_decref(document);
    return text;
}

char *mgr_journal_certificate(const MgrCertificateRecord *c)
{
    const char *authority = *mgr_certificate_authority(c) != '\0' ? c->authority : NULL;
    const char *replaces = *mgr_certificate_replaces(c) != '\0' ? c->replaces : NULL;
    const char *key = *mgr_certificate_key(c) != '\0' ? c->key : NULL;

    return print(json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:I, s:I, s:I}", "what", "certificate", "serial",
                           c->serial, "name", c->name, "role", c->kind, "by", authority, "replaces", replaces, "keys",
                           key, "issued", INT(c->issued_at), "expires", INT(c->expires_at), "at", INT(c->revoked_at)));
}

char *mgr_journal_endpoint(const MgrEndpointRecord *e)
{
    return print(json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "what", "endpoint", "name", e->id, "group", e->group,
                           "host", e->host, "fingerprint", e->fingerprint, "at", INT(e->enrolled_at)));
}

char *mgr_journal_revocation(const char *name, const char *but_serial, HlTime at)
{
    return print(
        json_pack("{s:s, s:s, s:s*, s:I}", "what", "revoked", "name", name, "serial", but_serial, "at", INT(at)));
}

char *mgr_journal_removal(const char *endpoint)
{
    return print(json_pack("{s:s, s:s}", "what", "removed", "name", endpoint));
}

char *mgr_journal_bundle(const char *id, int64_t uses_left)
{
    return print(json_pack("{s:s, s:s, s:I}", "what", "bundle", "name", id, "number", INT(uses_left)));
}

char *mgr_journal_use(const char *bundle)
{
    return print(json_pack("{s:s, s:s}", "what", "used", "name", bundle));
}

char *mgr_journal_withdrawal(const char *bundle, HlTime at)
{
    return print(json_pack("{s:s, s:s, s:I}", "what", "withdrawn", "name", bundle, "at", INT(at)));
}

/* at: since when it is disabled */
char *mgr_journal_account(const MgrAccountRecord *a)
{
    return print(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "what", "account", "name", a->name, "role",
                           mgr_role_name(a->role), "group", a->groups, "issued", INT(a->created_at), "at",
                           INT(a->disabled_at), "by", a->created_by, "note", a->note));
}

char *mgr_journal_account_removal(const char *name)
{
    return print(json_pack("{s:s, s:s}", "what", "account-removed", "name", name));
}

char *mgr_journal_token_end(const char *hash)
{
    return print(json_pack("{s:s, s:s}", "what", "token-ended", "name", hash));
}

char *mgr_journal_password(const char *account, const char *fingerprint)
{
    return print(json_pack("{s:s, s:s, s:s}", "what", "password", "name", account, "fingerprint", fingerprint));
}

char *mgr_journal_code(const char *account, const char *fingerprint)
{
    return print(json_pack("{s:s, s:s, s:s}", "what", "code", "name", account, "fingerprint", fingerprint));
}

char *mgr_journal_place(const MgrPlaceRecord *p)
{
    g_autofree char *keys = p->keys != NULL ? g_strjoinv(",", p->keys) : g_strdup("");
    g_autofree char *authorities = p->authorities != NULL ? g_strjoinv(",", p->authorities) : g_strdup("");
    g_autofree char *brokers = p->brokers != NULL ? g_strjoinv(",", p->brokers) : g_strdup("");
    g_autofree char *servers = p->servers != NULL ? g_strjoinv(",", p->servers) : g_strdup("");

    return print(json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "what", "place", "number", INT(p->counter),
                           "keys", keys, "authorities", authorities, "brokers", brokers, "servers", servers, "expires",
                           INT(p->authority_ends), "at", INT(p->changed_at), "by", p->changed_by));
}

char *mgr_journal_mark(int64_t mark, MgrMarkState state)
{
    return print(json_pack("{s:s, s:s, s:I, s:I}", "what", "mark", "name", "", "number", INT(mark), "at", INT(state)));
}

char *mgr_journal_restore(HlTime made, HlTime at, MgrJournalAge age, const char *head)
{
    return print(json_pack("{s:s, s:s, s:I, s:I, s:I}", "what", "restored", "name", head, "issued", INT(made), "at",
                           INT(at), "number", INT(age)));
}

/* There is one for each enrolment. */
char *mgr_journal_peek_use(const char *line)
{
    static const char beginning[] = "{\"what\":\"used\",\"name\":\"";
    g_autofree char *name = NULL;
    const char *rest = line + strlen(beginning);

    if (!g_str_has_prefix(line, beginning))
        return NULL;
    name = g_strndup(rest, strcspn(rest, "\""));
    return strcmp(rest + strlen(name), "\"}") == 0 && hl_ident_is_valid(name) ? g_steal_pointer(&name) : NULL;
}

static const struct {
    const char *what;
    MgrEntryKind kind;
} rows[] = {
    { "certificate", MGR_ENTRY_CERTIFICATE },
    { "endpoint", MGR_ENTRY_ENDPOINT },
    { "revoked", MGR_ENTRY_REVOCATION },
    { "removed", MGR_ENTRY_REMOVAL },
    { "bundle", MGR_ENTRY_BUNDLE },
    { "used", MGR_ENTRY_USE },
    { "withdrawn", MGR_ENTRY_WITHDRAWAL },
    { "account", MGR_ENTRY_ACCOUNT },
    { "account-removed", MGR_ENTRY_ACCOUNT_REMOVAL },
    { "token-ended", MGR_ENTRY_TOKEN_END },
    { "password", MGR_ENTRY_PASSWORD },
    { "code", MGR_ENTRY_CODE },
    { "place", MGR_ENTRY_PLACE },
    { "mark", MGR_ENTRY_MARK },
    { "restored", MGR_ENTRY_RESTORE },
};

/* What its kind cannot do without. */
static bool is_complete(const MgrEntry *entry)
{
    MgrRole role;

    if (entry->kind == MGR_ENTRY_CERTIFICATE)
        return *entry->name != '\0' && entry->serial != NULL && *entry->serial != '\0' && *entry->role != '\0';
    if (entry->kind == MGR_ENTRY_ENDPOINT)
        return *entry->name != '\0' && *entry->group != '\0';
    if (entry->kind == MGR_ENTRY_ACCOUNT)
        return *entry->name != '\0' && mgr_role_parse(entry->role, &role);
    if (entry->kind == MGR_ENTRY_PLACE)
        return entry->number > 0;
    return entry->kind == MGR_ENTRY_MARK || entry->kind == MGR_ENTRY_RESTORE || entry->kind == MGR_ENTRY_OTHER ||
           *entry->name != '\0';
}

bool mgr_entry_parse(MgrEntry *entry, const char *line)
{
    const char *what = "";

    *entry = (MgrEntry){ .name = "",
                         .role = "",
                         .group = "",
                         .host = "",
                         .fingerprint = "",
                         .by = "",
                         .note = "",
                         .replaces = "",
                         .keys = "",
                         .authorities = "",
                         .brokers = "",
                         .servers = "" };
    entry->document = hl_json_parse("journal", line, strlen(line), NULL);
    if (entry->document == NULL ||
        json_unpack(entry->document,
                    "{s:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:s, s?:I, s?:I,"
                    " s?:I, s?:I}",
                    "what", &what, "name", &entry->name, "serial", &entry->serial, "role", &entry->role, "group",
                    &entry->group, "host", &entry->host, "fingerprint", &entry->fingerprint, "by", &entry->by, "note",
                    &entry->note, "replaces", &entry->replaces, "keys", &entry->keys, "authorities",
                    &entry->authorities, "brokers", &entry->brokers, "servers", &entry->servers, "issued",
                    &entry->issued, "expires", &entry->expires, "at", &entry->at, "number", &entry->number) != 0)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].what, what) == 0)
            entry->kind = rows[i].kind;
    return is_complete(entry);
}

void mgr_entry_clear(MgrEntry *entry)
{
    g_clear_pointer(&entry->document, json_decref);
}
