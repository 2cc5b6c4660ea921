/* SPDX-License-Identifier: Apache-2.0 */
/* holdline bundle ..., holdline admin|monitor ... */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/network.h"
#include "lib/pki/cert.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "manager/site/site.h"

bool cmd_bundle_create(HlInvocation *call, GError **error)
{
    const char *group = hl_cli_value(call, "group", NULL);
    const char *endpoint = hl_cli_value(call, "for", NULL);
    const char *output = hl_cli_value(call, "output", NULL);
    const char *arguments[] = {
        "group",    group,    "uses", hl_cli_value(call, "uses", NULL), "expires", hl_cli_value(call, "expires", NULL),
        "endpoint", endpoint, NULL
    };
    g_autoptr(json_t) document = NULL;
    g_autofree char *name = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *uses = NULL;

    if (group == NULL && endpoint == NULL)
        return hl_fail(error, HL_ERROR_USAGE, "bundle create needs --group GROUP, or --for ENDPOINT");
    folder = g_path_get_dirname(output != NULL ? output : "");
    if (access(folder, W_OK) != 0) /* a bundle that nobody received could still enrol */
        return hl_fail_errno(error, errno, "cannot write into %s", folder);
    document = cli_call_files(call, "bundle create", arguments, error);
    if (document == NULL)
        return false;
    name = output != NULL ? g_strdup(output)
                          : g_strdup_printf("%s-%s.bundle", cli_text(document, endpoint != NULL ? "endpoint" : "group"),
                                            cli_text(document, "id"));
    if (!hl_file_write_text(name, cli_text(document, "bundle"), 0600, error))
        return false;
    uses = endpoint != NULL ? g_strdup(cli_text(document, "endpoint")) : cli_count(document, "uses", "endpoint");
    if (!cli_show_json(call, document))
        printf("%s: bundle %s for group %s, valid for %s until %s\n"
               "It contains a secret: carry it to the PC, then run 'holdline-endpoint enrol %s' there.\n",
               name, cli_text(document, "id"), cli_text(document, "group"), uses, cli_text(document, "expires"), name);
    return true;
}

bool cmd_bundle_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ID", "id", NULL },        { "GROUP", "group", NULL },         { "FOR", "endpoint", NULL },
        { "STATE", "state", NULL },  { "USES LEFT", "uses_left", NULL }, { "EXPIRES", "expires", NULL },
        { "BY", "created_by", NULL }
    };
    g_autoptr(json_t) document = cli_call(call, "bundle list", NULL, error);

    if (document == NULL)
        return false;
    cli_show_list(call, document, "bundles", columns, G_N_ELEMENTS(columns));
    return true;
}

bool cmd_bundle_withdraw(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "bundle", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "bundle withdraw", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf("bundle %s can no longer be used to enrol\n", call->args[0]);
    return true;
}

/* "admin create" -> "admin" */
static char *kind_of(const HlInvocation *call)
{
    return g_strndup(call->command->name, strcspn(call->command->name, " "));
}

static bool save_client(const char *folder, const char *role, const char *name, const HlKey *key,
                        const json_t *document, GError **error)
{
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *cert_path = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *ca_path = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *conf_path = g_build_filename(folder, "holdline.conf", NULL);
    g_autofree char *conf = mgr_site_client_conf(role, name, cli_text(document, "brokers"));

    return hl_key_save(key, key_path, error) &&
           hl_file_write_text(cert_path, cli_text(document, "certificate"), 0644, error) &&
           hl_file_write_text(ca_path, cli_text(document, "ca"), 0644, error) &&
           hl_file_write_text(conf_path, conf, 0600, error);
}

/* The key is generated here and stays here; the server signs a request. */
bool cmd_client_create(HlInvocation *call, GError **error)
{
    const char *name = call->args[0];
    g_autofree char *role = kind_of(call);
    g_autofree char *folder = g_strdup(hl_cli_value(call, "output", name));
    g_autoptr(HlKey) key = hl_key_generate(error);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    g_autofree char *csr_text = NULL;
    g_autoptr(json_t) document = NULL;
    const char *arguments[] = { "name", name, "csr", NULL, NULL };
    g_auto(GStrv) brokers = NULL;
    g_autofree char *broker = NULL;
    uint16_t port = 0;

    if (csr == NULL || !mgr_site_check_name(name, error) || !hl_dir_make(folder, 0700, error))
        return false;
    csr_text = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    arguments[3] = csr_text;
    document = cli_call_files(call, call->command->name, arguments, error);
    if (document == NULL)
        rmdir(folder); /* only if it is empty */
    if (document == NULL || !save_client(folder, role, name, key, document, error))
        return false;
    if (cli_show_json(call, document))
        return true;
    brokers = g_strsplit(cli_text(document, "brokers"), ",", 2);
    printf("%s/ contains the certificate, the key and holdline.conf of %s.\n", folder, name);
    if (g_str_has_prefix(call->command->name, "monitor") && brokers[0] != NULL &&
        hl_place_parse(brokers[0], &broker, &port))
        printf("mosquitto_sub -h %s -p %u -V mqttv5 --cafile %s/ca.pem --cert %s/%s.pem --key %s/%s.key -i %s -v "
               "-t 'holdline/v1/status/#'\n",
               broker, port, folder, folder, name, folder, name, name);
    return true;
}

bool cmd_client_revoke(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autofree char *kind = kind_of(call);
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf("%s %s is revoked\n", kind, call->args[0]);
    return true;
}
