/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that browsers are shown: read at the start, and again when its files change.  Loop thread. */
#ifndef MANAGER_CONSOLE_IDENTITY_H
#define MANAGER_CONSOLE_IDENTITY_H

#include "manager/console/core/conf.h"

typedef struct {
    char *cert_pem, *key_pem;
    HlTime end;               /* of the certificate; wall; 0: it is not one that we can read more of (RSA, say) */
    char *stamp, *line_stamp; /* of its files and of those of the line: equal as long as nobody touched them */
} ConIdentity;

/* The files that HTTPS uses by this configuration. */
bool con_identity_load(ConIdentity *identity, const ConConf *conf, const char *directory,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void con_identity_clear(ConIdentity *identity);

typedef enum { CON_IDENTITY_SAME, CON_IDENTITY_SHOWN, CON_IDENTITY_LINE } ConIdentityChange;

/* What is other than when it was loaded: nothing, what browsers are shown alone, or the line's files (and perhaps the
 * others). */
ConIdentityChange con_identity_change(const ConIdentity *identity, const ConConf *conf, const char *directory);

/* The command that gives the configuration and the files that it names to this user, of those that this process may not
 * read; a directory that it does not get into stands for what is in it.  NULL: it may read all.  Caller frees. */
char *con_identity_chown(const ConConf *conf, const char *conf_path, const char *user);

/* A path of the configuration.  Caller frees. */
char *con_place(const char *directory, const char *path);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConIdentity, con_identity_clear)

#endif
