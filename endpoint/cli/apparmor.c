/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/cli/apparmor.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#define ENABLED  "/sys/module/apparmor/parameters/enabled"
#define PROFILES "/etc/apparmor.d"

static bool is_there(const char *root, const char *directory, const char *name)
{
    g_autofree char *path = g_strconcat(root, PROFILES, directory, "/", name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK);
}

/* Of a file that cannot be read: it does not. */
static bool says(const char *path, const char *text)
{
    g_autofree char *contents = NULL;

    return g_file_get_contents(path, &contents, NULL, NULL) && strstr(contents, text) != NULL;
}

char *ep_apparmor_profile(const char *root, const char *program, const char *directory)
{
    g_autofree char *enabled = g_strconcat(root, ENABLED, NULL);
    g_autofree char *name = g_strdelimit(g_strdup(program + 1), "/", '.'); /* as profiles are called */
    g_autofree char *profile = g_strconcat(root, PROFILES, "/", name, NULL);
    g_autofree char *local = g_strconcat(root, PROFILES, "/local/", name, NULL); /* an administrator's part of it */

    if (!says(enabled, "Y") || !is_there(root, "", name) || is_there(root, "/disable", name) ||
        is_there(root, "/force-complain", name) || says(profile, directory) || says(local, directory))
        return NULL;
    return g_strconcat(PROFILES, "/", name, NULL);
}
