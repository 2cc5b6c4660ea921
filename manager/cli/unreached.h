/* SPDX-License-Identifier: Apache-2.0 */
/* What is said when no manager was found at any address of the client configuration, and what to do about it.  Made of
 * what the client knows; asks nobody. */
#ifndef MANAGER_CLI_UNREACHED_H
#define MANAGER_CLI_UNREACHED_H

#include <glib.h>

#include "lib/base/clock.h"
#include "manager/cli/config.h"

/* A broker answers at an address, and no manager does there: a reason among the others. */
#define CLI_NO_MANAGER "the broker answers, but no manager is connected to it"

/* Noted like an address besides: a broker did not accept the certificate, or the authority is not that of both. */
#define CLI_TURNED_AWAY ""

/* reasons: address -> what is wrong there, for those that were tried; owns both. */
void cli_unreached_note(GHashTable *reasons, const char *address, const char *reason);

/* There is a reason for each address. */
bool cli_unreached_is_told(const CliConfig *conf, GHashTable *reasons);

/* conf: of the client; last: the address of the last attempt.  Always false, for its caller to return. */
bool cli_fail_unreached(const CliConfig *conf, GHashTable *reasons, const char *last,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The certificate in that file ended then, by this machine's clock: nobody is dialled.  Always false. */
bool cli_fail_ended(const CliConfig *conf, const char *certificate, HlTime end,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The link broke, and the call cannot be asked again; why: the reason for that, a sentence without its stop.  was_sent:
 * nobody knows whether it was carried out; else nothing was done.  Always false, for its caller to return. */
bool cli_fail_cut(const char *call, bool was_sent, const char *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The link stands, and nothing came for so long. */
bool cli_fail_silent(const char *call, HlTime patience, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
