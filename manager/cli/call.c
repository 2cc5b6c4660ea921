/* SPDX-License-Identifier: Apache-2.0 */
/* A line for one call. */
#include "manager/cli/client.h"

json_t *cli_call(HlInvocation *call, const char *name, const char *const *arguments, GError **error)
{
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);

    return client != NULL ? cli_client_call(client, name, arguments, NULL, NULL, error) : NULL;
}

json_t *cli_call_files(HlInvocation *call, const char *name, const char *const *arguments, GError **error)
{
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);

    return client != NULL ? cli_client_call_as_is(client, name, arguments, error) : NULL;
}

json_t *cli_call_elements(HlInvocation *call, const char *name, const char *const *arguments, CliElements *elements,
                          GError **error)
{
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);

    return client != NULL ? cli_client_call_elements(client, name, arguments, elements, error) : NULL;
}
