/* SPDX-License-Identifier: Apache-2.0 */
/* A world for the client of `holdline` (manager/cli/client.h), on a bus in memory: brokers that hang, refuse, or have
 * no manager.  Each turn of the client's loop is a tenth of a second.  Needs -Wl,--wrap=g_main_context_iteration. */
#ifndef TESTS_SUPPORT_CLI_WORLD_H
#define TESTS_SUPPORT_CLI_WORLD_H

#include "lib/bus/bus.h"
#include "manager/cli/client.h"

#define CLI_WORLD_TOO_LONG (120 * HL_SECOND) /* no call takes so long */

typedef enum { HANGS, REFUSES, LONE, SERVES } Kind;

/* A broker LONE has no manager; one that tells late says so as its link is being closed. */
typedef struct {
    Kind kinds[4];
    guint n;
    bool tells_late;
    const char *kept;          /* the directory of the configuration, of several calls; NULL: of one */
    HlTime begun, attempt;     /* 0: no attempt is under way */
    HlTime outage, back;       /* after each break so long, until then: all refuse */
    void (*serve)(HlBus *bus); /* the manager at a broker that SERVES; may be NULL */
} CliWorld;

extern CliWorld cli_world;

/* With the configuration that it writes there; NULL: the manager was not found at any broker. */
CliClient *cli_world_open(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A call finds the manager there within so many seconds; or not, for this reason. */
void cli_world_expect_found(const char *where, HlTime within);
void cli_world_expect_not_found(const char *why, HlTime after, HlTime within);

/* What calls of before remembered. */
void cli_world_forget(void);

/* As g_test_run, with a cache directory of its own. */
int cli_world_run(void);

#endif
