/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/handover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "manager/core/succession.h"
#include "manager/site/names.h"
#include "manager/site/registry.h"
#include "manager/store/ledger.h"

#define SEALING_KEY "pki/sealing.key"

/* ---------------------------------------------------------------------------------------------------------- reading */

void mgr_site_keys_clear(MgrSiteKeys *keys)
{
    g_clear_pointer(&keys->authorities, g_strfreev);
    g_clear_pointer(&keys->keys, g_strfreev);
}

static char *public_of(const char *path, GError **error)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_load(path, error);
    GBytes *half = key != NULL ? hl_signing_key_public(key) : NULL;

    return half != NULL ? hl_hex(g_bytes_get_data(half, NULL), g_bytes_get_size(half)) : NULL;
}

bool mgr_site_keys_read(MgrSiteKeys *keys, const char *dir, GError **error)
{
    g_autofree char *ca = mgr_site_path(dir, MGR_SITE_CA);
    g_autofree char *sealing = mgr_site_path(dir, SEALING_KEY);
    g_autofree char *next = mgr_site_path(dir, MGR_SITE_NEXT_SEALING_KEY);
    g_autoptr(HlTrust) trust = hl_trust_load(ca, error);
    g_autofree char *ids = trust != NULL ? hl_trust_ids(trust) : NULL;

    *keys = (MgrSiteKeys){ 0 };
    if (ids == NULL)
        return false;
    keys->authorities = g_strsplit(ids, ",", -1);
    keys->ends = hl_cert_info(hl_trust_at(trust, hl_trust_count(trust) - 1))->not_after;
    keys->keys = g_new0(char *, 3);
    keys->keys[0] = public_of(sealing, error);
    if (keys->keys[0] == NULL || !g_file_test(next, G_FILE_TEST_EXISTS))
        return keys->keys[0] != NULL;
    keys->keys[1] = public_of(next, error);
    return keys->keys[1] != NULL;
}

HlDb *mgr_site_peek_registry(const char *dir)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_REGISTRY);
    g_autofree char *log = mgr_site_path(dir, MGR_SITE_REGISTRY "-wal");

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    return hl_db_open(path, g_file_test(log, G_FILE_TEST_EXISTS) ? HL_DB_READ_ONLY : HL_DB_FROZEN, NULL);
}

/* What was announced last there; counter 0: nothing.  The journal knows it where the registry is damaged, and the
 * registry where an earlier version wrote the journal. */
static MgrPlaceRecord announced_in(const char *dir)
{
    g_autofree char *journal = mgr_site_path(dir, MGR_SITE_JOURNAL);
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = mgr_ledger_read(journal, &state, NULL);
    g_autoptr(HlDb) db = mgr_site_peek_registry(dir);
    g_auto(MgrPlaceRecord) record = { 0 };

    if (db != NULL && !mgr_registry_load_place(db, &record, NULL))
        mgr_place_record_clear(&record);
    if (ledger != NULL && mgr_ledger_place(ledger)->counter > record.counter)
        return mgr_place_record_copy(mgr_ledger_place(ledger));
    return mgr_place_record_copy(&record);
}

static bool has_all(char *const *list, char *const *wanted)
{
    for (gsize i = 0; wanted != NULL && wanted[i] != NULL; i++)
        if (!g_strv_contains((const char *const *)list, wanted[i]))
            return false;
    return true;
}

/* Nothing is named where nothing is known: then it is what the files say. */
static void settle_list(char ***list, char **own, char *const *on_disk)
{
    char **known = has_all(on_disk, own) ? g_strdupv(own) : NULL;

    if (has_all(on_disk, *list)) {
        g_strfreev(known);
        return;
    }
    g_strfreev(*list);
    *list = known;
}

void mgr_handover_settle(MgrPlaceRecord *place, const MgrPlaceRecord *own, const MgrSiteKeys *on_disk)
{
    settle_list(&place->keys, own->keys, on_disk->keys);
    settle_list(&place->authorities, own->authorities, on_disk->authorities);
}

/* --------------------------------------------------------------------------------------------------------- in words */

static char *describe(const char *what, MgrRolloverSince since, char *const *before, char *const *after)
{
    switch (since) {
    case MGR_ROLLOVER_SAME:
        break;
    case MGR_ROLLOVER_BEGAN:
        return g_strdup_printf(_("the %s %s was announced beside %s"), what, after[1], before[0]);
    case MGR_ROLLOVER_WITHDRAWN:
        return g_strdup_printf(_("the %s %s, which was announced beside %s, was withdrawn"), what, before[1],
                               before[0]);
    case MGR_ROLLOVER_ENDED:
    case MGR_ROLLOVER_SEVERAL:
        return after[1] == NULL ? g_strdup_printf(_("the %s %s took the place of %s"), what, after[0], before[0])
                                : g_strdup_printf(_("the %s %s took the place of %s, and another one was announced "
                                                    "beside it: %s"),
                                                  what, after[0], before[0], after[1]);
    }
    return NULL;
}

static char *id_of(const char *key)
{
    g_autoptr(GBytes) half = hl_unhex(key);

    return half != NULL ? hl_signing_key_id(half) : g_strdup("?");
}

/* Their ids, by which other commands name them.  Caller frees. */
static char **ids_of(char *const *keys)
{
    char **ids = g_new0(char *, 3);

    for (gsize i = 0; keys[i] != NULL; i++)
        ids[i] = id_of(keys[i]);
    return ids;
}

static MgrRolloverSince since(char *const *before, char *const *after)
{
    const char *const pair_before[] = { before[0], before[1] };
    const char *const pair_after[] = { after[0], after[1] };

    return mgr_rollover_since(pair_before, pair_after);
}

/* places: what only the server's certificate of before covers; NULL: the backup's was kept. */
static char *describe_all(const MgrSiteKeys *backup, const MgrSiteKeys *before, const char *places)
{
    g_auto(GStrv) ids_before = ids_of(backup->keys);
    g_auto(GStrv) ids_after = ids_of(before->keys);
    g_autofree char *ends = hl_time_format(before->ends);
    g_autofree char *authority = describe(_("certificate authority"), since(backup->authorities, before->authorities),
                                          backup->authorities, before->authorities);
    g_autofree char *key = describe(_("sealing key"), since(backup->keys, before->keys), ids_before, ids_after);

    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *all = NULL;

    if (authority != NULL)
        g_ptr_array_add(parts, g_strdup_printf(_("%s (the newest ends at %s)"), authority, ends));
    if (key != NULL)
        g_ptr_array_add(parts, g_steal_pointer(&key));
    if (places != NULL)
        g_ptr_array_add(parts, g_strdup_printf(_("endpoints were told of %s, which the server's certificate of before "
                                                 "covers"),
                                               places));
    g_ptr_array_add(parts, NULL);
    all = g_strjoinv("; ", (char **)parts->pdata);
    return g_strdup_printf(_("since the backup %s"), all);
}

/* -------------------------------------------------------------------------------------------------------- take over */

/* As it is there; one that is not there is not here either. */
static bool take_file(const char *from_dir, const char *to_dir, const char *name, mode_t mode, GError **error)
{
    g_autofree char *from = mgr_site_path(from_dir, name);
    g_autofree char *to = mgr_site_path(to_dir, name);
    g_autofree char *part = g_strconcat(to, ".restoring", NULL);
    g_autofree char *digest = NULL;

    if (unlink(part) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot write %s"), part);
    if (!g_file_test(from, G_FILE_TEST_EXISTS))
        return unlink(to) == 0 || errno == ENOENT || hl_fail_errno(error, errno, _("cannot remove %s"), to);
    digest = hl_file_copy(from, part, mode, error);
    return digest != NULL && (rename(part, to) == 0 || hl_fail_errno(error, errno, _("cannot write %s"), to));
}

/* The certificate FOLDER/NAME.pem of a site is of one of these; false also if there is none. */
static bool is_of(const char *dir, const char *folder, const char *name, const HlTrust *trust)
{
    g_autofree char *file = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *path = mgr_site_path(dir, file);
    g_autoptr(HlCert) cert = hl_cert_load(path, NULL);

    return cert != NULL && hl_trust_issuer(trust, cert) != NULL;
}

typedef enum { ALONE, WITH_AUTHORITY } Beside;

/* A pair of which the authority has ended, where the other site has one that counts. */
static bool take_pair(const char *from, const char *to, const char *folder, const char *name, Beside beside,
                      const HlTrust *trust, GError **error)
{
    g_autofree char *cert = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *key = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *ca = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *place = mgr_site_path(to, folder);

    if (is_of(to, folder, name, trust) || !is_of(from, folder, name, trust))
        return true;
    return take_file(from, to, key, 0600, error) && take_file(from, to, cert, 0644, error) &&
           (beside == ALONE || take_file(from, to, ca, 0644, error)) && hl_dir_sync(place, error);
}

static bool take_clients(const char *from, const char *to, const HlTrust *trust, GError **error)
{
    g_autofree char *admins = mgr_site_path(to, "admins");
    g_autoptr(GDir) dir = g_dir_open(admins, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *folder = g_build_filename("admins", name, NULL);

        if (!take_pair(from, to, folder, name, WITH_AUTHORITY, trust, error))
            return false;
    }
    return take_pair(from, to, MGR_SITE_CONSOLE, MGR_SITE_CONSOLE, WITH_AUTHORITY, trust, error);
}

static bool take_authorities(const char *from, const char *to, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };

    return mgr_authority_open(&authority, from, error) && take_file(from, to, MGR_SITE_CA_KEY, 0600, error) &&
           take_file(from, to, MGR_SITE_NEXT_AUTHORITY_KEY, 0600, error) &&
           take_file(from, to, MGR_SITE_PAST_AUTHORITIES, 0644, error) &&
           take_file(from, to, MGR_SITE_CA, 0644, error) &&
           take_pair(from, to, "pki", "server", ALONE, authority.trust, error) &&
           take_pair(from, to, "pki", "manager", ALONE, authority.trust, error) &&
           take_clients(from, to, authority.trust, error);
}

static bool take_keys(const char *from, const char *to, GError **error)
{
    return take_file(from, to, MGR_SITE_NEXT_SEALING_KEY, 0600, error) && take_file(from, to, SEALING_KEY, 0600, error);
}

/* Endpoints are told of places that the backup's certificate does not cover, and go there: the later one, if that does
 * better.  *places: those that it does not cover. */
static bool take_names(const char *from, const char *to, const MgrPlaceRecord *told, char **places, GError **error)
{
    g_autofree char *ca = mgr_site_path(to, MGR_SITE_CA);
    g_autofree char *here = mgr_site_path(to, "pki/server.pem");
    g_autofree char *there = mgr_site_path(from, "pki/server.pem");
    g_autofree char *pki = mgr_site_path(to, "pki");
    g_autoptr(HlTrust) trust = hl_trust_load(ca, error);
    g_autoptr(HlCert) own = hl_cert_load(here, NULL);
    g_autoptr(HlCert) later = hl_cert_load(there, NULL);
    const char *const *brokers = (const char *const *)told->brokers;
    const char *const *urls = (const char *const *)told->servers;
    g_auto(GStrv) lacks = NULL;
    g_auto(GStrv) lacks_later = NULL;

    if (trust == NULL)
        return false;
    if (own == NULL || later == NULL || brokers == NULL || urls == NULL || hl_trust_issuer(trust, later) == NULL)
        return true;
    lacks = mgr_server_uncovered(own, brokers, urls);
    lacks_later = mgr_server_uncovered(later, brokers, urls);
    if (g_strv_length(lacks_later) >= g_strv_length(lacks))
        return true;
    *places = g_strjoinv(", ", lacks);
    return take_file(from, to, "pki/server.key", 0600, error) && take_file(from, to, "pki/server.pem", 0644, error) &&
           hl_dir_sync(pki, error);
}

bool mgr_handover_take(const char *site, const char *backup, const char *before, char **taken, GError **error)
{
    g_auto(MgrPlaceRecord) then = announced_in(backup);
    g_auto(MgrPlaceRecord) later = announced_in(before);
    g_auto(MgrSiteKeys) old = { 0 };
    g_auto(MgrSiteKeys) newer = { 0 };
    g_autofree char *pki = mgr_site_path(site, "pki");
    g_autofree char *places = NULL;
    bool authority, key;

    *taken = NULL;
    if (later.counter <= then.counter)
        return true;
    if (!mgr_site_keys_read(&old, backup, error) || !mgr_site_keys_read(&newer, before, error))
        return false;
    authority = since(old.authorities, newer.authorities) != MGR_ROLLOVER_SAME;
    key = since(old.keys, newer.keys) != MGR_ROLLOVER_SAME;
    if ((authority && !take_authorities(before, site, error)) || (key && !take_keys(before, site, error)) ||
        !hl_dir_sync(pki, error) || !take_names(before, site, &later, &places, error))
        return false;
    if (authority || key || places != NULL)
        *taken = describe_all(&old, &newer, places);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- warn */

static char *warn_blind(const MgrSiteKeys *here)
{
    g_autofree char *ends = hl_time_format(here->ends);
    g_auto(GStrv) ids = ids_of(here->keys);
    g_autofree char *authorities = g_strjoinv(_(" and "), here->authorities);
    g_autofree char *keys = g_strjoinv(_(" and "), ids);

    return g_strdup_printf(
        _("this site is known by the certificate authority %s (the newest ends at %s) and the sealing "
          "key %s: if another one was announced to endpoints after the backup ('holdline server "
          "rollover'), they hold certificates that it does not know, and refuse it"),
        authorities, ends, keys);
}

/* The first of what was announced that is not here; NULL: none. */
static const char *find_missing(char *const *on_disk, char *const *announced)
{
    for (gsize i = 0; announced != NULL && announced[i] != NULL; i++)
        if (!g_strv_contains((const char *const *)on_disk, announced[i]))
            return announced[i];
    return NULL;
}

static char *warn_missing(const char *authority, HlTime authority_ends, const char *key)
{
    g_autofree char *ends = hl_time_format(authority_ends);
    g_autofree char *id = key != NULL ? id_of(key) : NULL;

    if (authority != NULL && id != NULL)
        return g_strdup_printf(_("endpoints were told after the backup of the certificate authority %s (it ends at %s) "
                                 "and of the sealing key %s, which this site does not have: those who hold them refuse "
                                 "this server"),
                               authority, ends, id);
    if (authority != NULL)
        return g_strdup_printf(_("endpoints were told after the backup of the certificate authority %s (it ends at "
                                 "%s), which this site does not have: those who hold it refuse this server"),
                               authority, ends);
    return g_strdup_printf(_("endpoints were told after the backup of the sealing key %s, which this site does not "
                             "have: those who hold it refuse this server"),
                           id);
}

/* Of the two that the backup knows only the one that followed counts. */
static bool has_ended(const MgrPlaceRecord *announced, const MgrSiteKeys *here)
{
    char *const *told = announced->authorities;

    return here->authorities[1] != NULL && told != NULL && told[0] != NULL && told[1] == NULL &&
           strcmp(told[0], here->authorities[1]) == 0;
}

static char *warn_known(const char *site, const char *backup, const MgrSiteKeys *here)
{
    g_auto(MgrPlaceRecord) then = announced_in(backup);
    g_auto(MgrPlaceRecord) later = announced_in(site);
    const char *authority = find_missing(here->authorities, later.authorities);
    const char *key = find_missing(here->keys, later.keys);

    if (later.counter <= then.counter)
        return NULL;
    if (authority != NULL || key != NULL)
        return warn_missing(authority, later.authority_ends, key);
    return has_ended(&later, here)
               ? g_strdup_printf(_("the certificate authority %s is the only one that endpoints know since, and the "
                                   "server's certificate is of the one before: once the manager runs, 'holdline server "
                                   "rollover finish ca --force' puts it in force"),
                                 here->authorities[1])
               : NULL;
}

char *mgr_handover_warn(const char *site, const char *backup, MgrHandoverSight sight)
{
    g_auto(MgrSiteKeys) here = { 0 };

    if (!mgr_site_keys_read(&here, site, NULL)) /* the backup was checked: it has them */
        return NULL;
    return sight == MGR_HANDOVER_BLIND ? warn_blind(&here) : warn_known(site, backup, &here);
}
