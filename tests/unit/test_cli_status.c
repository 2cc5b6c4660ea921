/* SPDX-License-Identifier: Apache-2.0 */
/* `holdline status` against servers of several ages: what it asks, and what it makes of a refusal. */
#include <string.h>

#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/watch.h"

typedef struct {
    HlErrorCode refuses; /* "snapshot"; HL_ERROR_N_CODES: it knows it */
    GString *asked;
} Server;

static Server server;

json_t *cli_call(HlInvocation *call G_GNUC_UNUSED, const char *name, const char *const *arguments, GError **error)
{
    g_string_append_printf(server.asked, "%s%s", server.asked->len > 0 ? ", " : "", name);
    if (arguments[0] != NULL && arguments[1] != NULL)
        g_string_append_printf(server.asked, " %s", arguments[1]);
    if (strcmp(name, "snapshot") == 0 && server.refuses != HL_ERROR_N_CODES) {
        hl_fail(error, server.refuses, "this server knows no call 'snapshot'; is the CLI newer than the server?");
        return NULL;
    }
    return json_pack("{s:{s:i}, s:[]}", "summary", "endpoints", 0, "endpoints");
}

bool cli_watch(HlInvocation *call G_GNUC_UNUSED, const char *selector G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

/* The exit status; what was asked is compared with asked. */
static int run(HlErrorCode refuses, const char *selector, const char *asked)
{
    static const HlCommand commands[] = { { "status", "[SELECTOR]", "", cmd_status, 0, 1, NULL } };
    static const HlProgram program = { .name = "holdline", .commands = commands, .n_commands = 1 };
    char *argv[] = { g_strdup("holdline"), g_strdup("status"), g_strdup(selector), NULL };
    int status;

    server = (Server){ refuses, g_string_new(NULL) };
    status = hl_cli_main(&program, selector != NULL ? 3 : 2, argv, NULL);
    g_assert_cmpstr(server.asked->str, ==, asked);
    g_string_free(server.asked, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(argv); i++)
        g_free(argv[i]);
    return status;
}

static void test_ages(void)
{
    g_assert_cmpint(run(HL_ERROR_N_CODES, NULL, "snapshot"), ==, 0);
    g_assert_cmpint(run(HL_ERROR_N_CODES, "outdated", "endpoint list outdated"), ==, 0);
    g_assert_cmpint(run(HL_ERROR_INVALID, NULL, "snapshot, endpoint list"), ==, 0); /* it is older */
    g_assert_cmpint(run(HL_ERROR_DENIED, NULL, "snapshot"), !=, 0);
    g_assert_cmpint(run(HL_ERROR_UNAVAILABLE, NULL, "snapshot"), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/status/ages", test_ages);
    return g_test_run();
}
