/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/mounts.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char *const special[] = {
    "autofs",   "binfmt_misc", "bpf",        "cgroup",    "cgroup2", "configfs", "debugfs", "devpts",
    "devtmpfs", "efivarfs",    "fusectl",    "hugetlbfs", "mqueue",  "nsfs",     "nfsd",    "proc",
    "pstore",   "rpc_pipefs",  "securityfs", "selinuxfs", "sysfs",   "tracefs",  NULL,
};

struct EpMounts {
    GHashTable *special; /* major:minor as a number */
};

/* "36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/root rw" */
static void parse_row(EpMounts *mounts, const char *row)
{
    const char *type = strstr(row, " - ");
    unsigned device_major;
    unsigned device_minor;
    g_autofree char *name = NULL;

    if (type == NULL || sscanf(row, "%*u %*u %u:%u ", &device_major, &device_minor) != 2)
        return;
    type += strlen(" - ");
    name = g_strndup(type, strcspn(type, " "));
    if (g_strv_contains(special, name))
        g_hash_table_add(mounts->special, GSIZE_TO_POINTER(makedev(device_major, device_minor)));
}

EpMounts *ep_mounts_parse(const char *text)
{
    EpMounts *mounts = g_new(EpMounts, 1);
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);

    mounts->special = g_hash_table_new(NULL, NULL);
    for (gsize i = 0; rows[i] != NULL; i++)
        parse_row(mounts, rows[i]);
    return mounts;
}

EpMounts *ep_mounts_read(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
        text = g_strdup("");
    return ep_mounts_parse(text);
}

void ep_mounts_free(EpMounts *mounts)
{
    if (mounts == NULL)
        return;
    g_hash_table_unref(mounts->special);
    g_free(mounts);
}

bool ep_mounts_is_special(const EpMounts *mounts, dev_t device)
{
    return g_hash_table_contains(mounts->special, GSIZE_TO_POINTER(device));
}
