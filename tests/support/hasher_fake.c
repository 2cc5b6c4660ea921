/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/ground/hasher.h without threads and without argon2: the answer is there at once. */
#include "manager/daemon/ground/hasher.h"

#include <string.h>

#define MARK "fake:"

struct MgrHasher {
    int unused;
};

MgrHasher *mgr_hasher_new(GDestroyNotify drop G_GNUC_UNUSED)
{
    return g_new0(MgrHasher, 1);
}

void mgr_hasher_free(MgrHasher *hasher)
{
    g_free(hasher);
}

bool mgr_hasher_make(MgrHasher *hasher G_GNUC_UNUSED, const char *password, MgrHasherDone done, gpointer user,
                     GError **error G_GNUC_UNUSED)
{
    g_autofree char *encoded = g_strconcat(MARK, password, NULL);

    done(encoded, false, user);
    return true;
}

bool mgr_hasher_check(MgrHasher *hasher G_GNUC_UNUSED, const char *encoded, const char *password, MgrHasherDone done,
                      gpointer user, GError **error G_GNUC_UNUSED)
{
    g_autofree char *mine = g_strconcat(MARK, password, NULL);

    done(mine, encoded != NULL && strcmp(encoded, mine) == 0, user);
    return true;
}
