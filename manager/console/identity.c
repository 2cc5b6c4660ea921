/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/identity.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/pki/cert.h"

#define MAX_PEM (64 * 1024)

char *con_place(const char *directory, const char *path)
{
    return g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(directory, path, NULL);
}

/* A replaced file is another inode, a rewritten one has another time. */
static char *stamp(const char *const *paths, const char *directory)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (; *paths != NULL; paths++) {
        g_autofree char *path = con_place(directory, *paths);
        struct stat info;

        if (**paths != '\0' && stat(path, &info) == 0)
            g_string_append_printf(text, "%llu:%lld.%09ld:%lld ", (unsigned long long)info.st_ino,
                                   (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec, (long long)info.st_size);
        else
            g_string_append(text, "- ");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *stamp_of_line(const ConConf *conf, const char *directory)
{
    return stamp((const char *const[]){ conf->certificate, conf->key, conf->ca, NULL }, directory);
}

static char *stamp_of_shown(const ConConf *conf, const char *directory)
{
    return stamp((const char *const[]){ conf->https_certificate, conf->https_key, NULL }, directory);
}

bool con_identity_load(ConIdentity *identity, const ConConf *conf, const char *directory, GError **error)
{
    bool is_own = *conf->https_certificate != '\0';
    g_autofree char *cert_path = con_place(directory, is_own ? conf->https_certificate : conf->certificate);
    g_autofree char *key_path = con_place(directory, is_own ? conf->https_key : conf->key);
    g_auto(ConIdentity)
        read = { .stamp = stamp_of_shown(conf, directory), .line_stamp = stamp_of_line(conf, directory) };
    g_autoptr(HlCert) cert = NULL;

    read.cert_pem = hl_file_read_text(cert_path, MAX_PEM, error);
    if (read.cert_pem == NULL)
        return false;
    read.key_pem = hl_file_read_text(key_path, MAX_PEM, error);
    if (read.key_pem == NULL)
        return false;
    cert = hl_cert_load(cert_path, NULL);
    read.end = cert != NULL ? hl_cert_info(cert)->not_after : 0;
    con_identity_clear(identity);
    *identity = read;
    read = (ConIdentity){ 0 };
    return true;
}

void con_identity_clear(ConIdentity *identity)
{
    g_clear_pointer(&identity->cert_pem, g_free);
    g_clear_pointer(&identity->key_pem, g_free);
    g_clear_pointer(&identity->stamp, g_free);
    g_clear_pointer(&identity->line_stamp, g_free);
    identity->end = 0;
}

ConIdentityChange con_identity_change(const ConIdentity *identity, const ConConf *conf, const char *directory)
{
    g_autofree char *shown = stamp_of_shown(conf, directory);
    g_autofree char *line = stamp_of_line(conf, directory);

    if (g_strcmp0(line, identity->line_stamp) != 0)
        return CON_IDENTITY_LINE;
    return g_strcmp0(shown, identity->stamp) != 0 ? CON_IDENTITY_SHOWN : CON_IDENTITY_SAME;
}

static bool is_denied(const char *path, int how)
{
    return access(path, how) != 0 && errno == EACCES;
}

char *con_identity_chown(const ConConf *conf, const char *conf_path, const char *user)
{
    const char *const files[] = { conf_path,      conf->ca, conf->certificate, conf->key, conf->https_certificate,
                                  conf->https_key };
    g_autofree char *directory = g_path_get_dirname(conf_path);
    g_autoptr(GString) denied = g_string_new(NULL);

    if (is_denied(directory, X_OK))
        return g_strdup_printf("chown -R %s: %s", user, directory);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = files[i] != NULL && *files[i] != '\0' ? con_place(directory, files[i]) : NULL;

        if (path != NULL && is_denied(path, R_OK))
            g_string_append_printf(denied, " %s", path);
    }
    return denied->len > 0 ? g_strdup_printf("chown %s:%s", user, denied->str) : NULL;
}
