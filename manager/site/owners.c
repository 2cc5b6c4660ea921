/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/owners.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/i18n.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"

#define MAX_THINGS 200000 /* a repository with 14 increments of 100 components has 1,500 */
#define MAX_NAMED  5

/* What is written where it lies.  Everything else is replaced by rename, which asks for no write bit: an administrator
 * may have taken it from a key. */
static const char *const written[] = {
    MGR_SITE_REGISTRY, MGR_SITE_REGISTRY "-wal", MGR_SITE_REGISTRY "-shm", "journal", "lock", "mosquitto.log"
};

typedef struct {
    const char *dir;
    uid_t owner;
    bool (*is_wrong)(uid_t owner, const char *name, const struct stat *st);
    guint seen, wrong;
    GString *names;
} Walk;

static bool is_foreign(uid_t owner, const char *name G_GNUC_UNUSED, const struct stat *st)
{
    return st->st_uid != owner;
}

static mode_t wanted_mode(const char *name, const struct stat *st)
{
    if (S_ISDIR(st->st_mode))
        return S_IRWXU;
    if (!S_ISREG(st->st_mode))
        return 0;
    for (gsize i = 0; i < G_N_ELEMENTS(written); i++)
        if (strcmp(name, written[i]) == 0)
            return S_IRUSR | S_IWUSR;
    return S_IRUSR;
}

/* Its owner cannot read or change it; root can, and would find it in order. */
static bool is_barred(uid_t owner, const char *name, const struct stat *st)
{
    mode_t wanted = wanted_mode(name, st);

    return st->st_uid == owner && (st->st_mode & wanted) != wanted;
}

static void judge(Walk *look, const char *path, const struct stat *st)
{
    g_autofree char *name = g_path_get_basename(path);

    look->seen++;
    if (!look->is_wrong(look->owner, name, st))
        return;
    if (look->wrong++ < MAX_NAMED)
        g_string_append_printf(look->names, "%s%s", look->names->len > 0 ? ", " : "", path);
}

static void walk(Walk *look, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && look->seen < MAX_THINGS && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        struct stat st;

        if (lstat(below, &st) != 0 || (strcmp(path, look->dir) == 0 && strcmp(name, MGR_SITE_CONSOLE) == 0))
            continue;
        judge(look, below, &st);
        if (S_ISDIR(st.st_mode))
            walk(look, below);
    }
}

/* The names of what is wrong, or of the first few; caller frees. */
static char *find(const char *dir, bool (*is_wrong)(uid_t owner, const char *name, const struct stat *st), guint *count)
{
    g_autoptr(GString) names = g_string_new(NULL);
    Walk look = { .dir = dir, .is_wrong = is_wrong, .names = names };
    struct stat st;

    *count = 0;
    if (stat(dir, &st) != 0)
        return NULL;
    look.owner = st.st_uid;
    judge(&look, dir, &st);
    walk(&look, dir);
    *count = look.wrong;
    return g_strconcat(names->str, look.wrong > MAX_NAMED ? ", ..." : "", NULL);
}

char *mgr_site_describe_foreign(const char *dir)
{
    guint n;
    g_autofree char *names = find(dir, is_foreign, &n);
    g_autofree char *owner = mgr_site_owner(dir);

    return n == 0 ? NULL
                  : g_strdup_printf(
                        hl_trn("%u file of the site does not belong to %s, the user that the manager runs as: %s",
                               "%u files of the site do not belong to %s, the user that the manager runs as: %s", n),
                        n, owner, names);
}

char *mgr_site_describe_barred(const char *dir)
{
    guint n;
    g_autofree char *names = find(dir, is_barred, &n);

    return n == 0 ? NULL
                  : g_strdup_printf(hl_trn("%u file of the site may not be read and changed by its owner: %s",
                                           "%u files of the site may not be read and changed by their owner: %s", n),
                                    n, names);
}

static char *name_of(uid_t user)
{
    const struct passwd *entry = getpwuid(user);

    return entry != NULL ? g_strdup(entry->pw_name) : g_strdup_printf("%u", (unsigned)user);
}

char *mgr_site_owner(const char *dir)
{
    struct stat st;

    return stat(dir, &st) != 0 ? NULL : name_of(st.st_uid);
}

char *mgr_site_own_remedy(const char *dir)
{
    g_autofree char *console = g_build_filename(dir, MGR_SITE_CONSOLE, NULL);
    g_autofree char *owner = mgr_site_owner(dir);

    return g_strdup_printf(_("as root: find %s -path %s -prune -o ! -user %s -exec chown -h %s: {} +"), dir, console,
                           owner, owner);
}

char *mgr_site_mode_remedy(const char *dir)
{
    return g_strdup_printf(_("as root: chmod -R u+rwX %s"), dir);
}

char *mgr_site_start_remedy(const char *dir)
{
    g_autofree char *user = name_of(geteuid());
    g_autofree char *owner = mgr_site_owner(dir);
    g_autofree char *foreign = NULL;
    g_autofree char *barred = NULL;

    if (owner == NULL)
        return NULL;
    if (strcmp(owner, user) != 0)
        return g_strdup_printf(_("%s belongs to %s, and this runs as %s: these have to be the same user"), dir, owner,
                               user);
    foreign = mgr_site_describe_foreign(dir);
    barred = mgr_site_describe_barred(dir);
    return foreign == NULL && barred == NULL
               ? NULL
               : g_strdup_printf(
                     _("as root, 'holdline check %s' says which files the user of the manager, %s, cannot use, "
                       "and what mends that"),
                     dir, user);
}
