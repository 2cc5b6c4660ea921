/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/answered.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"

#define MAX_ADDRESS 512 /* bytes: a host name has 253 */

static char *cache_path(const CliConfig *conf)
{
    g_autofree char *absolute = g_canonicalize_filename(conf->path, NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, absolute, -1);
    g_autofree char *name = g_strdup_printf("broker-%.16s", digest);

    return g_build_filename(g_get_user_cache_dir(), "holdline", name, NULL);
}

static bool is_several(const CliConfig *conf)
{
    return conf->brokers[0] != NULL && conf->brokers[1] != NULL;
}

/* NULL: none that is still in the configuration. */
static const char *last_of(const CliConfig *conf)
{
    g_autofree char *path = cache_path(conf);
    g_autofree char *text = hl_file_read_text(path, MAX_ADDRESS, NULL);

    for (char **broker = conf->brokers; text != NULL && *broker != NULL; broker++)
        if (strcmp(*broker, text) == 0)
            return *broker;
    return NULL;
}

char **cli_answered_order(const CliConfig *conf)
{
    const char *first = is_several(conf) ? last_of(conf) : NULL;
    g_autoptr(GStrvBuilder) order = g_strv_builder_new();

    if (first != NULL)
        g_strv_builder_add(order, first);
    for (char **broker = conf->brokers; *broker != NULL; broker++)
        if (*broker != first)
            g_strv_builder_add(order, *broker);
    return g_strv_builder_end(order);
}

/* Nobody else can put anything there, a link to another place either: root may have another user's HOME. */
static bool is_own(const char *directory)
{
    struct stat is;

    return lstat(directory, &is) == 0 && S_ISDIR(is.st_mode) && is.st_uid == geteuid() &&
           (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* What is missing would be made in the nearest one that exists. */
static bool is_on_own_ground(const char *directory)
{
    g_autofree char *nearest = g_strdup(directory);
    struct stat is;

    while (lstat(nearest, &is) != 0 && errno == ENOENT) {
        g_autofree char *below = g_steal_pointer(&nearest);

        nearest = g_path_get_dirname(below);
    }
    return is_own(nearest);
}

static bool prepare(const char *path)
{
    g_autofree char *own = g_path_get_dirname(path);
    g_autofree char *cache = g_path_get_dirname(own);

    return is_on_own_ground(cache) && hl_dir_make(cache, 0700, NULL) && is_own(cache) && hl_dir_make(own, 0700, NULL) &&
           is_own(own);
}

void cli_answered_note(const CliConfig *conf, const char *broker)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    const char *known;

    if (!is_several(conf))
        return;
    known = last_of(conf);
    if (strcmp(known != NULL ? known : conf->brokers[0], broker) == 0)
        return;
    path = cache_path(conf);
    /* another call may write at the same moment: the file is one answer or the other */
    if (prepare(path) && !hl_file_write_text(path, broker, 0600, &error))
        hl_debug("client", "%s", error->message);
}
