/* SPDX-License-Identifier: Apache-2.0 */
/* openapi-print: what the console answers to GET /api/v1/openapi.json, without a console. */
#include <stdio.h>

#include "manager/console/core/openapi.h"

int main(void)
{
    g_autoptr(json_t) document = con_openapi_new();
    g_autofree char *text = hl_json_print(document);

    return puts(text) < 0 || fflush(stdout) != 0;
}
