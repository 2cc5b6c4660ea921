/* The switches of updater/tuf/check.h, for the mutation build. */
#include "tests/support/mutants.h"

#include <glib.h>
#include <unistd.h>

#include "updater/tuf/check.h"

static int changes_left = 0;

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
