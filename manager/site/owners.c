/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/owners.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/i18n.h"
#include "manager/site/site.h"

#define MAX_THINGS 200000 /* a repository with 14 increments of 100 components has 1,500 */

typedef struct {
    const char *dir;
    uid_t owner;
    guint max, seen, foreign;
    void (*found)(const char *path, gpointer user);
    gpointer user;
} Walk;

static void walk(Walk *look, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && look->seen < MAX_THINGS && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        struct stat st;

        if (lstat(below, &st) != 0 || (strcmp(path, look->dir) == 0 && strcmp(name, MGR_SITE_CONSOLE) == 0))
            continue;
        look->seen++;
        if (st.st_uid != look->owner && look->foreign++ < look->max)
            look->found(below, look->user);
        if (S_ISDIR(st.st_mode))
            walk(look, below);
    }
}

guint mgr_site_find_foreign(const char *dir, guint max, void (*found)(const char *path, gpointer user), gpointer user)
{
    Walk look = { .dir = dir, .max = max, .found = found, .user = user };
    struct stat st;

    if (stat(dir, &st) != 0)
        return 0;
    look.owner = st.st_uid;
    walk(&look, dir);
    return look.foreign;
}

char *mgr_site_owner(const char *dir)
{
    const struct passwd *owner;
    struct stat st;

    if (stat(dir, &st) != 0)
        return NULL;
    owner = getpwuid(st.st_uid);
    return owner != NULL ? g_strdup(owner->pw_name) : g_strdup_printf("%u", (unsigned)st.st_uid);
}

char *mgr_site_own_remedy(const char *dir, const char *owner)
{
    g_autofree char *console = g_build_filename(dir, MGR_SITE_CONSOLE, NULL);

    return g_strdup_printf(_("as root: find %s -path %s -prune -o ! -user %s -exec chown -h %s: {} +"), dir, console,
                           owner, owner);
}
