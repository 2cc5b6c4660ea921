/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/repository.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "manager/site/site.h"

#define UPDATER    "holdline-updater"
#define PASSPHRASE "HOLDLINE_REPO_PASSPHRASE"

char *cli_updater_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *bin = self != NULL ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = bin != NULL ? g_build_filename(bin, UPDATER, NULL) : NULL;

    if (beside != NULL && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    return g_strdup(UPDATER);
}

static bool has_repository(const char *dir)
{
    static const char *const rooms[] = { "metadata", "private" };

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = g_build_filename(dir, rooms[i], NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return true;
    }
    return false;
}

/* Under another name first: what has the name of the repository is complete. */
static bool found(const char *dir, bool encrypted, GError **error)
{
    g_autofree char *program = cli_updater_program();
    g_autofree char *draft = g_strconcat(dir, ".new", NULL);
    g_autofree char *parent = g_path_get_dirname(dir);
    const char *words[] = { program, "repo", "init", draft, "--single-host", encrypted ? NULL : "--plain-keys", NULL };

    if (!hl_tree_remove(draft, error) || !hl_dir_make(draft, 0700, error))
        return false;
    if (!hl_exec(words, NULL, error)) {
        HL_IGNORE(hl_tree_remove(draft, NULL)); /* the failure before it is the one to report */
        return false;
    }
    if (rename(draft, dir) != 0)
        return hl_fail_errno(error, errno, _("cannot move %s to %s"), draft, dir);
    return hl_dir_sync(parent, error);
}

bool cli_repository_found(const char *site, CliRepository *repository, GError **error)
{
    g_autofree char *dir = mgr_site_path(site, "repo");
    const char *passphrase = getenv(PASSPHRASE);
    bool encrypted = passphrase != NULL && *passphrase != '\0';

    *repository = encrypted ? CLI_REPOSITORY_ENCRYPTED : CLI_REPOSITORY_PLAIN;
    if (has_repository(dir)) {
        *repository = CLI_REPOSITORY_THERE;
        return true;
    }
    return found(dir, encrypted, error) ||
           hl_error_prefix(error, _("making the pattern repository (with --no-repo it is left to you)"));
}
