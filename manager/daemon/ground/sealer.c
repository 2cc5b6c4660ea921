/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/sealer.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/site/site.h"

struct MgrSealer {
    char *directory, *path, *next_path;
    HlSigningKey *key, *next;
    bool is_ahead; /* the key that signs is in next_path still */
};

MgrSealer *mgr_sealer_new(const char *dir, GError **error)
{
    g_autoptr(MgrSealer) sealer = g_new0(MgrSealer, 1);

    sealer->directory = mgr_site_path(dir, "pki");
    sealer->path = mgr_site_path(dir, "pki/sealing.key");
    sealer->next_path = mgr_site_path(dir, MGR_SITE_NEXT_SEALING_KEY);
    sealer->key = hl_signing_key_load(sealer->path, error);
    if (sealer->key == NULL)
        return NULL;
    if (g_file_test(sealer->next_path, G_FILE_TEST_EXISTS)) {
        sealer->next = hl_signing_key_load(sealer->next_path, error);
        if (sealer->next == NULL)
            return NULL;
    }
    return g_steal_pointer(&sealer);
}

void mgr_sealer_free(MgrSealer *sealer)
{
    if (sealer == NULL)
        return;
    hl_signing_key_free(sealer->key);
    hl_signing_key_free(sealer->next);
    g_free(sealer->directory);
    g_free(sealer->path);
    g_free(sealer->next_path);
    g_free(sealer);
}

const HlSigningKey *mgr_sealer_key(const MgrSealer *sealer)
{
    return sealer->key;
}

GBytes *mgr_sealer_next(const MgrSealer *sealer)
{
    return sealer->next != NULL ? hl_signing_key_public(sealer->next) : NULL;
}

bool mgr_sealer_prepare(MgrSealer *sealer, GError **error)
{
    g_autoptr(HlSigningKey) key = NULL;

    if (sealer->next != NULL)
        return true;
    if (!mgr_sealer_settle(sealer, error)) /* the name of the file is taken by the one that signs */
        return false;
    key = hl_signing_key_generate(error);
    if (key == NULL || !hl_signing_key_save(key, sealer->next_path, error))
        return false;
    sealer->next = g_steal_pointer(&key);
    return true;
}

void mgr_sealer_switch(MgrSealer *sealer)
{
    g_assert(sealer->next != NULL);
    hl_signing_key_free(sealer->key);
    sealer->key = g_steal_pointer(&sealer->next);
    sealer->is_ahead = true;
}

bool mgr_sealer_settle(MgrSealer *sealer, GError **error)
{
    if (!sealer->is_ahead)
        return true;
    if (rename(sealer->next_path, sealer->path) != 0)
        return hl_fail_errno(error, errno, "cannot move %s to %s", sealer->next_path, sealer->path);
    sealer->is_ahead = false;
    return hl_dir_sync(sealer->directory, error);
}

bool mgr_sealer_drop(MgrSealer *sealer, GError **error)
{
    if (unlink(sealer->next_path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, "cannot remove %s", sealer->next_path);
    g_clear_pointer(&sealer->next, hl_signing_key_free);
    return hl_dir_sync(sealer->directory, error);
}
