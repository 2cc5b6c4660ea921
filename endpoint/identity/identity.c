/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/identity/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/json.h"
#include "lib/base/unconst.h"
#include "lib/pki/signing.h"

#define MAX_JSON_SIZE (64 * 1024)
#define REMEDY        "ask for a bundle that is made for this endpoint, and enrol it with --replace"

const char *const ep_identity_remedy = N_("a bundle of 'holdline bundle create --for ENDPOINT' gives another one, with "
                                          "'holdline-endpoint enrol BUNDLE --replace'");

void ep_identity_free(EpIdentity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->id);
    g_free(identity->group);
    g_free(identity->server);
    g_strfreev(identity->brokers);
    g_strfreev(identity->servers);
    g_clear_pointer(&identity->signing_key, g_bytes_unref);
    g_free(identity->pem_path);
    g_free(identity->ca_path);
    g_free(identity->root_path);
    g_free(identity->settings_path);
    g_free(identity->renewal_path);
    hl_trust_free(identity->trust);
    hl_cert_free(identity->cert);
    g_free(identity);
}

static json_t *list_of(char *const *texts, gsize n)
{
    json_t *list = json_array();

    for (gsize i = 0; i < n; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

char *ep_identity_print(const EpIdentityText *text)
{
    g_autofree char *key = hl_hex(g_bytes_get_data(text->signing_key, NULL), g_bytes_get_size(text->signing_key));
    g_autoptr(json_t) root = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "id", text->id, "group", text->group, "server",
                                       text->servers[0], "servers", list_of(text->servers, text->n_servers), "brokers",
                                       list_of(text->brokers, text->n_brokers), "sealing_key", key);

    g_assert(root != NULL);
    return hl_json_print(root);
}

static char **read_list(const json_t *list)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    gsize index;
    json_t *text;

    json_array_foreach(list, index, text) if (json_is_string(text))
        g_strv_builder_add(builder, json_string_value(text));
    return g_strv_builder_end(builder);
}

static bool read_json(EpIdentity *identity, const char *path, GError **error)
{
    g_autofree char *text = hl_file_read_text(path, MAX_JSON_SIZE, error);
    g_autoptr(json_t) root = text == NULL ? NULL : hl_json_parse(path, text, strlen(text), error);
    const char *id;
    const char *group;
    const char *server;
    const char *key;
    json_t *brokers;
    json_t *servers = NULL; /* until 0.1.0 there was only one */

    if (root == NULL)
        return false;
    if (json_unpack(root, "{s:s, s:s, s:s, s?o, s:o, s:s}", "id", &id, "group", &group, "server", &server, "servers",
                    &servers, "brokers", &brokers, "sealing_key", &key) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "%s: a member is missing", path);
    identity->signing_key = hl_unhex(key);
    if (!hl_ident_is_valid(id) || identity->signing_key == NULL ||
        g_bytes_get_size(identity->signing_key) != HL_SIGNING_PUBLIC_SIZE || json_array_size(brokers) == 0)
        return hl_fail(error, HL_ERROR_INVALID, "%s is damaged", path);
    identity->brokers = read_list(brokers);
    identity->servers =
        json_array_size(servers) > 0 ? read_list(servers) : g_strdupv((char *[]){ hl_unconst(server), NULL });
    identity->id = g_strdup(id);
    identity->group = g_strdup(group);
    identity->server = g_strdup(server);
    return true;
}

EpIdentity *ep_identity_load(const char *state_dir, GError **error)
{
    g_autofree char *directory = g_build_filename(state_dir, "identity", NULL);
    g_autofree char *json_path = g_build_filename(directory, "identity.json", NULL);
    g_autoptr(EpIdentity) identity = g_new0(EpIdentity, 1);
    g_autoptr(HlKey) key = NULL;
    g_autoptr(GError) problem = NULL;

    if (!g_file_test(json_path, G_FILE_TEST_EXISTS)) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "this machine is not enrolled: run 'holdline-endpoint enrol BUNDLE'");
        return NULL;
    }
    identity->pem_path = g_build_filename(directory, "endpoint.pem", NULL);
    identity->ca_path = g_build_filename(directory, "ca.pem", NULL);
    identity->root_path = g_build_filename(directory, "root.json", NULL);
    identity->settings_path = g_build_filename(directory, "settings.sealed", NULL);
    identity->renewal_path = g_build_filename(directory, "renewal.pem", NULL);
    if (!read_json(identity, json_path, &problem) ||
        (identity->trust = hl_trust_load(identity->ca_path, &problem)) == NULL ||
        (identity->cert = hl_cert_load(identity->pem_path, &problem)) == NULL ||
        (key = hl_key_load(identity->pem_path, &problem)) == NULL) {
        /* never NOT_FOUND: a missing file does not mean that the machine was never enrolled */
        hl_fail(error, HL_ERROR_INVALID, "the identity of this machine cannot be used (" REMEDY "): %s",
                problem->message);
        return NULL;
    }
    if (!hl_cert_has_key(identity->cert, key) || g_strcmp0(hl_cert_info(identity->cert)->cn, identity->id) != 0) {
        hl_fail(error, HL_ERROR_INVALID, "%s: certificate, key and id do not belong together; " REMEDY, directory);
        return NULL;
    }
    /* its dates are not judged here: a machine with a wrong clock keeps its identity; one whose authority has ended may
     * have been told of another one, and not have its certificate yet */
    if (hl_trust_issuer(identity->trust, identity->cert) == NULL && !ep_identity_is_over(identity)) {
        hl_fail(error, HL_ERROR_INVALID, "%s did not sign the certificate of this endpoint; " REMEDY,
                identity->ca_path);
        return NULL;
    }
    return g_steal_pointer(&identity);
}

bool ep_identity_is_over(const EpIdentity *identity)
{
    return hl_clock_wall() >= hl_cert_info(identity->cert)->not_after - HL_TRUST_LAST;
}

bool ep_identity_save_pem(const char *path, const HlCert *cert, const HlKey *key, GError **error)
{
    g_autofree char *cert_pem = hl_cert_print(cert);
    g_autofree char *key_pem = hl_key_print(key);
    g_autofree char *both = g_strconcat(cert_pem, key_pem, NULL);

    return hl_file_write_text(path, both, 0600, error);
}

bool ep_identity_replace_cert(EpIdentity *identity, HlCert *cert, const HlKey *key, GError **error)
{
    if (!ep_identity_save_pem(identity->pem_path, cert, key, error))
        return false;
    hl_cert_free(identity->cert);
    identity->cert = cert;
    return true;
}

bool ep_identity_replace_trust(EpIdentity *identity, HlTrust *trust, GError **error)
{
    g_autofree char *pem = hl_trust_print(trust);

    if (!hl_file_write_text(identity->ca_path, pem, 0644, error))
        return false;
    hl_trust_free(identity->trust);
    identity->trust = trust;
    return true;
}

bool ep_identity_install(const char *state_dir, GError **error)
{
    g_autofree char *prepared = g_build_filename(state_dir, "identity.new", NULL);
    g_autofree char *place = g_build_filename(state_dir, "identity", NULL);

    return hl_dir_replace(state_dir, prepared, place, error); /* there is an identity at every moment */
}
