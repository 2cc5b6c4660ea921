/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/environment.h"

#include <stdlib.h>

#define WITHHELD_MAX 4

static struct {
    const char *name;
    char *value;
} withheld[WITHHELD_MAX];

void hl_environment_withhold(const char *name)
{
    const char *value = getenv(name);
    gsize at = 0;

    while (at < WITHHELD_MAX && withheld[at].name != NULL)
        at++;
    g_assert(at < WITHHELD_MAX);
    if (value == NULL)
        return;
    withheld[at].name = name;
    withheld[at].value = g_strdup(value);
    unsetenv(name);
}

char **hl_environment_for_child(void)
{
    char **variables = g_get_environ();

    for (gsize i = 0; i < WITHHELD_MAX && withheld[i].name != NULL; i++)
        variables = g_environ_setenv(variables, withheld[i].name, withheld[i].value, FALSE);
    return variables;
}
