/* SPDX-License-Identifier: Apache-2.0 */
/* The site: a server's directory, the layout of it, and the files that are generated from the registry.
 *
 *     manager.conf            configuration
 *     registry.db             the only record
 *     pki/                    ca, server, manager certificates and keys, sealing.key, crl.pem; keys that follow
 *     broker/                 mosquitto.conf, acl, the broker's log; 2/, 3/: of the next brokers
 *     admins/NAME/            what an administrator or monitor takes along: ca.pem, NAME.pem, NAME.key, holdline.conf
 *     console/                the same for the console on this machine, with console.conf
 *     repo/                   the pattern repository that the HTTPS front serves */
#ifndef MANAGER_SITE_SITE_H
#define MANAGER_SITE_SITE_H

#include "lib/pki/cert.h"
#include "lib/pki/signing.h"
#include "lib/pki/trust.h"
#include "manager/core/conf.h"
#include "manager/store/accounts.h"
#include "manager/store/registry.h"

/* The console that "holdline init" makes: its name, its directory in the site, and where its pages are. */
#define MGR_SITE_CONSOLE        "console"
#define MGR_SITE_CONSOLE_LISTEN "127.0.0.1:8844"

/* What a console's own certificate says of its place; ends with NULL.  No other name, or one that is taken over could
 * pass for the server: where it listens elsewhere it is given another certificate for browsers. */
extern const char *const mgr_site_console_names[];

/* Where the service unit, and commands that are told no other, have it. */
#define MGR_SITE_DEFAULT "/var/lib/holdline-server"

/* DIR/NAME.  Caller frees. */
char *mgr_site_path(const char *dir, const char *name);

/* A path in manager.conf, which may be relative to that file.  Caller frees. */
char *mgr_site_named_path(const char *dir, const char *path);

/* Whether a manager runs on it: its lock is held.  Does not take it. */
bool mgr_site_is_running(const char *dir);

/* What the broker loads to refuse subscriptions (manager/broker); NULL: it is not installed.  Caller frees. */
char *mgr_site_plugin_path(void);

/* What names of connections begin with that only look whether another manager lives (daemon/state/lookout.h), and their
 * files. */
#define MGR_SITE_LOOKOUT "lookout-"

/* The sealing key that follows, while the two roll over (daemon/ground/sealer.h). */
#define MGR_SITE_NEXT_SEALING_KEY "pki/sealing.next.key"

/* The authority's certificate; while another one follows (succession.h) that one's behind it, and here its key. */
#define MGR_SITE_CA                 "pki/ca.pem"
#define MGR_SITE_CA_KEY             "pki/ca.key"
#define MGR_SITE_PAST_AUTHORITIES   "pki/ca.past.pem" /* that ran to their end; endpoints come back late by them */
#define MGR_SITE_OVER               "pki/ca.over"     /* somebody on the server says that the authority has ended */
#define MGR_SITE_NEXT_AUTHORITY_KEY "pki/ca.next.key"
#define MGR_SITE_CA_LIFETIME        (3650 * HL_DAY)

/* Files of a copy that must not serve, and of one that shall (daemon/state/fence.h). */
#define MGR_SITE_FENCED    "fenced"
#define MGR_SITE_TAKE_OVER "take-over"

/* What the repository had published when the manager looked last (manager/site/repository.h). */
#define MGR_SITE_PUBLISHED "published"

/* Where the audit log ended when the manager last noted it (daemon/state/witness.h). */
#define MGR_SITE_AUDIT_HEAD "audit.head"
/* Beside it while no manager runs, after one that was stopped: that is the end, and nobody else adds a row. */
#define MGR_SITE_AUDIT_CLOSED "audit.closed"

/* A file of the managed broker of this number, from 0: in broker/, or in broker/2, broker/3, ...  Caller frees. */
char *mgr_site_broker_path(const char *dir, guint number, const char *name);

#define MGR_SITE_DRAINED "drained" /* such a file: it is not to run */

/* Writes its mosquitto.conf; makes its directory. */
bool mgr_site_write_broker_conf(const char *dir, const MgrConf *conf, guint number,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes broker/acl: the patterns, a block for each administrator, console and monitor whose certificate is not revoked
 * and for each account that has none (by the accounts, name -> MgrAccountRecord *, those who are disabled or limited to
 * groups see no status), and a denial of everything for the names in held_off (a set; NULL: none). */
bool mgr_site_write_acl(const char *dir, GHashTable *certificates, GHashTable *accounts, GHashTable *held_off,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The opened certificate authority, which issues and revokes. */
typedef struct {
    HlKey *key;
    HlCert *cert;
    HlKey *next_key; /* of the one that follows; NULL: none does */
    HlCert *next;
    HlTrust *trust; /* all whose certificates count */
} MgrAuthority;

/* All keys have to be there: without the one of the authority that follows nothing could be published for it.  Clear it
 * also after a failure. */
bool mgr_authority_open(MgrAuthority *authority, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_authority_clear(MgrAuthority *authority);

/* The one that follows, as one that issues; borrows.  Only if there is one. */
MgrAuthority mgr_authority_next(const MgrAuthority *authority);

/* Issues for a request; *record describes it for the registry. */
HlCert *mgr_authority_issue(const MgrAuthority *authority, GBytes *csr, const HlCertSpec *spec,
                            MgrCertificateRecord *record, GError **error);

/* Generates a key, issues, and saves DIR/KEY and DIR/CERT below the site.  It ends with the authority at the latest: by
 * one that has ended it is of no use, and a manager starts with it all the same. */
bool mgr_authority_issue_files(const MgrAuthority *authority, const char *dir, const char *cert_name,
                               const char *key_name, const HlCertSpec *spec, MgrCertificateRecord *record,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes pki/crl.pem from those of the certificates (serial -> MgrCertificateRecord) that are revoked: a list of each
 * authority, because a broker refuses the certificates of one that it has no list of. */
bool mgr_authority_write_crl(const MgrAuthority *authority, const char *dir, GHashTable *certificates, uint64_t number,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The configuration of "holdline" for a certificate of this role ("admin", "monitor"), with the files next to it.
 * Caller frees. */
char *mgr_site_client_conf(const char *role, const char *name, const char *brokers);

/* Issues for an administrator or monitor and writes the directory to take along.  kind is HL_CERT_ADMIN or
 * HL_CERT_MONITOR. */
bool mgr_site_write_client(const MgrAuthority *authority, const char *dir, const MgrConf *conf, const char *name,
                           HlCertKind kind, MgrCertificateRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The configuration of a console, with the files next to it; listen is address:port.  Caller frees. */
char *mgr_site_console_conf(const char *name, const char *brokers, const char *listen);

/* Issues for the console of this machine, and writes its directory. */
bool mgr_site_write_console(const MgrAuthority *authority, const char *dir, const MgrConf *conf,
                            MgrCertificateRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A name that may appear in the access list: an identifier, not an endpoint id, not reserved. */
bool mgr_site_check_name(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrAuthority, mgr_authority_clear)

#endif
