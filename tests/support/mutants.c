/* SPDX-License-Identifier: Apache-2.0 */
/* The switches of updater/tuf/check.h, for the mutation build. */
#include "tests/support/mutants.h"

#include <dlfcn.h>
#include <glib.h>
#include <jansson.h>
#include <unistd.h>

#include "updater/tuf/check.h"

static int changes_left = 0;

/* The check that is a library's: duplicate members. */
json_t *json_loadb(const char *data, size_t size, size_t flags, json_error_t *error)
{
    static json_t *(*load)(const char *, size_t, size_t, json_error_t *) = NULL;

    if (load == NULL)
        *(void **)&load = dlsym(RTLD_NEXT, "json_loadb");
    return load(data, size, TUF_BREAKS(unique_members, true) ? flags : flags & ~(size_t)JSON_REJECT_DUPLICATES, error);
}

bool tuf_check_is_off(const char *name)
{
    static char **off = NULL;

    if (off == NULL)
        off = g_strsplit(g_getenv("HOLDLINE_TUF_MUTANT") != NULL ? g_getenv("HOLDLINE_TUF_MUTANT") : "", ",", -1);
    return g_strv_contains((const char *const *)off, name);
}

void mutants_die_at(int n)
{
    changes_left = n;
}

void tuf_may_die(void)
{
    if (changes_left > 0 && --changes_left == 0)
        _exit(MUTANTS_DEAD);
}
