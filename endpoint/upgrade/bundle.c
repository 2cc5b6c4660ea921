/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/upgrade/bundle.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"

#define PACKAGES "holdline-*"

HlProgramRelease *ep_bundle_read(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, HL_PROGRAM_RECORD, NULL);
    g_autofree char *text = hl_file_read_text(path, HL_PROGRAM_MAX_RECORD, error);
    HlProgramRelease *release = text == NULL ? NULL : hl_program_release_parse(text, error);

    if (text != NULL && release == NULL)
        hl_error_prefix(error, "%s", path);
    return release;
}

/* ------------------------------------------------------------------------------------------------------- to keep */

static bool link_into(const char *from, const char *to, const char *name, GError **error)
{
    g_autofree char *source = g_build_filename(from, name, NULL);
    g_autofree char *target = g_build_filename(to, name, NULL);

    return link(source, target) == 0 || hl_fail_errno(error, errno, "cannot link %s to %s", source, target);
}

bool ep_bundle_keep(const char *from, const char *to, GError **error)
{
    g_autoptr(HlProgramRelease) release = ep_bundle_read(from, error);

    if (release == NULL || !hl_tree_remove(to, error) || !hl_dir_make(to, 0700, error) ||
        !link_into(from, to, HL_PROGRAM_RECORD, error))
        return false;
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];

        if (!link_into(from, to, file->name, error))
            return false;
    }
    return hl_dir_sync(to, error);
}

/* ----------------------------------------------------------------------------------------------------- to verify */

static bool verify_content(const char *path, const HlProgramFile *file, GError **error)
{
    g_autofree char *digest = hl_file_digest(path, error);

    if (digest == NULL)
        return false;
    return strcmp(digest, file->sha256) == 0 ||
           hl_fail(error, HL_ERROR_UNTRUSTED, "%s is not the file that its release lists: its SHA-256 is %s", path,
                   digest);
}

static bool verify_words(const char *path, const HlProgramRelease *release, const HlProgramFile *file,
                         const char *architecture, const EpToolsDeb *deb, GError **error)
{
    if (strcmp(deb->package, file->package) != 0 || strcmp(deb->version, release->version) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "%s is %s %s, but the release lists %s %s", path, deb->package,
                       deb->version, file->package, release->version);
    return strcmp(deb->architecture, "all") == 0 || strcmp(deb->architecture, architecture) == 0 ||
           hl_fail(error, HL_ERROR_INVALID, "%s is for %s, and this machine is %s", path, deb->architecture,
                   architecture);
}

bool ep_bundle_verify(const char *directory, const HlProgramRelease *release, const EpTools *tools, uint64_t *size,
                      GError **error)
{
    g_autofree char *architecture = ep_tools_architecture(tools, error);

    *size = 0;
    if (architecture == NULL)
        return false;
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];
        g_autofree char *path = g_build_filename(directory, file->name, NULL);
        g_auto(EpToolsDeb) deb = { 0 };

        if (!verify_content(path, file, error) || !ep_tools_read(tools, path, &deb, error) ||
            !verify_words(path, release, file, architecture, &deb, error))
            return false;
        *size += deb.size + file->length;
    }
    return true;
}

/* ----------------------------------------------------------------------------------------------------- to choose */

/* Whether it may stay behind.  All others depend on exactly their version of something, -dbgsym as well: left behind,
 * they would be broken, and apt with them. */
static bool is_apart(const char *package)
{
    return strcmp(package, "holdline-doc") == 0;
}

GPtrArray *ep_bundle_choose(const char *directory, const HlProgramRelease *release, const EpTools *tools,
                            GError **error)
{
    g_autoptr(GPtrArray) installed = ep_tools_list(tools, PACKAGES, error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; installed != NULL && i < installed->len; i++) {
        const char *package = installed->pdata[i];
        const HlProgramFile *file = hl_program_release_find(release, package);

        if (file == NULL && !is_apart(package)) {
            hl_fail(error, HL_ERROR_INVALID,
                    "%s is installed here too, and release %" PRIu64
                    " does not have it: upgrade this machine with its package manager",
                    package, release->release);
            return NULL;
        }
        if (file != NULL)
            g_ptr_array_add(paths, g_build_filename(directory, file->name, NULL));
    }
    return installed == NULL ? NULL : g_steal_pointer(&paths);
}
