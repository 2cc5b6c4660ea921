/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "lib/base/i18n.h"
#include "lib/pki/trust.h"
#include "manager/cli/client_private.h"

/* Asks over the line for a certificate of the draft's key. */
static bool make_draft(CliClient *client, GError **error)
{
    g_autoptr(GBytes) csr = hl_pair_begin_draft(&client->pair, client->conf.name, error);
    g_autofree char *text = csr != NULL ? g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr)) : NULL;
    const char *name = cli_client_is_monitor(client) ? "monitor renew" : "account renew";
    const char *whose =
        cli_client_is_monitor(client) ? NULL : client->conf.name; /* nobody else can ask for a monitor */
    const char *arguments[] = { "name", whose, "csr", text, "authorities", "both", NULL };
    g_autoptr(json_t) document = NULL;
    g_autofree char *ca = cli_config_path(&client->conf, client->conf.ca);
    bool as_is = client->answer.as_is;
    bool warned = client->answer.warned;

    if (csr == NULL)
        return false;
    client->answer.as_is = true;  /* a file's content */
    client->answer.warned = true; /* its answer may still tell of what it mends */
    document = cli_client_call(client, name, arguments, NULL, NULL, error);
    client->answer.as_is = as_is;
    client->answer.warned = warned;
    /* the authorities first: by the new one the server will be known */
    return document != NULL && hl_trust_take(ca, json_string_value(json_object_get(document, "ca")), error) &&
           hl_pair_end_draft(&client->pair, json_string_value(json_object_get(document, "certificate")), error);
}

/* The line with the draft, which is in force once that works. */
static bool try_draft(CliClient *client, GError **error)
{
    int turn;

    /* whole: what hl_bus_leave leaves to the end of the process connects again, and of two with one name the broker
     * drops the older */
    g_clear_pointer(&client->bus, hl_bus_free);
    if (!cli_client_connect(client, HL_PAIR_DRAFT, error))
        return false;
    turn = hl_pair_take_draft(&client->pair, error);
    if (turn < 0)
        return false;
    cli_client_end_turn(client);
    client->turn = turn;
    return true;
}

bool cli_client_renew(CliClient *client, GError **error)
{
    g_autoptr(HlCert) cert = hl_cert_load(client->cert, error);

    return cert != NULL && (hl_pair_has_draft(&client->pair, cert, hl_clock_wall()) || make_draft(client, error)) &&
           try_draft(client, error);
}

bool cli_client_connect_first(CliClient *client, GError **error)
{
    g_autoptr(HlCert) cert = hl_cert_load(client->cert, NULL);
    HlTime now = hl_clock_wall();
    bool has_ended = cert != NULL && hl_cert_info(cert)->not_after <= now;

    return has_ended && hl_pair_has_draft(&client->pair, cert, now) ? try_draft(client, error)
                                                                    : cli_client_connect(client, "", error);
}

bool cli_client_keep_valid(CliClient *client, bool is_rolling, GError **error)
{
    g_autofree char *ca = cli_config_path(&client->conf, client->conf.ca);
    g_autoptr(HlCert) cert = hl_cert_load(client->cert, NULL);
    g_autoptr(GError) problem = NULL;
    bool is_behind;

    if (cli_client_is_monitor(client) || cert == NULL) /* other programs use its files: at a word, "monitor renew" */
        return true;
    is_behind = !is_rolling && hl_trust_is_behind(ca, client->authorities, cert);
    if (!is_behind && !hl_pair_is_due(cert, hl_clock_wall())) {
        if (!hl_trust_narrow(ca, client->authorities, NULL))
            fprintf(stderr, _("warning: %s holds an authority that ended, and cannot be replaced\n"), ca);
        return true;
    }
    if ((hl_pair_has_draft(&client->pair, cert, hl_clock_wall()) || make_draft(client, &problem)) &&
        try_draft(client, &problem))
        return true;
    /* one that was lost on its way is not issued again at once; but of an authority that ends it does not last long */
    if (is_behind || hl_error_code(problem) != HL_ERROR_EXISTS) {
        g_autofree char *end = hl_time_format(hl_cert_info(cert)->not_after);

        fprintf(stderr, _("warning: the certificate %s, which ends at %s, could not be renewed: %s\n"), client->cert,
                end, problem->message);
    }
    if (client->bus != NULL && hl_bus_state(client->bus) == HL_BUS_UP && !client->lost)
        return true;
    g_clear_pointer(&client->bus, hl_bus_free);
    return cli_client_connect(client, "", error);
}
