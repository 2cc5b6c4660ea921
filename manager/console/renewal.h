/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate of the line is renewed in the last third of its life, and when another authority issues, with another
 * key (lib/pki/pair.h).  What is replaced is noticed as any other change of the files.  Loop thread. */
#ifndef MANAGER_CONSOLE_RENEWAL_H
#define MANAGER_CONSOLE_RENEWAL_H

#include "manager/console/line.h"

typedef struct ConRenewal ConRenewal;

/* An interrupted one is completed: before anything reads the files. */
bool con_renewal_mend(const ConConf *conf, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* conf and directory outlive it. */
ConRenewal *con_renewal_new(ConLine *line, const ConConf *conf, const char *directory);

/* After the line is gone. */
void con_renewal_free(ConRenewal *renewal);

/* The line is up: asks if it is time.  Otherwise it looks every ten seconds; after the server has refused one because
 * it gave one a short while ago, it asks again in an hour. */
void con_renewal_look(ConRenewal *renewal);

#endif
