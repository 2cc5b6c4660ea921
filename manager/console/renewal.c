/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/renewal.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/pki/pair.h"
#include "lib/pki/trust.h"
#include "manager/console/identity.h"

#define LOOK_EVERY   10      /* s; three small files */
#define REFUSED_WAIT HL_HOUR /* the server gave one a short while ago */

struct ConRenewal {
    ConLine *line;
    char *cert, *key, *ca; /* paths */
    bool is_asking;
    HlTime ask_mono; /* not before */
    guint timer;
};

bool con_renewal_mend(const ConConf *conf, const char *directory, GError **error)
{
    g_autofree char *cert = con_place(directory, conf->certificate);
    g_autofree char *key = con_place(directory, conf->key);

    return hl_pair_mend(&(HlPair){ cert, key }, error);
}

static void complain(ConRenewal *renewal, const GError *error)
{
    if (hl_error_code(error) == HL_ERROR_EXISTS)
        renewal->ask_mono = hl_clock_mono() + REFUSED_WAIT;
    hl_log_limited(HL_LOG_WARN, "renewal", renewal->cert, "%s cannot be renewed yet: %s", renewal->cert,
                   error->message);
}

/* The key is locked only so that no two replace it at once: there is one console in a directory. */
static bool take(const ConRenewal *renewal, const json_t *answer, GError **error)
{
    HlPair pair = { renewal->cert, renewal->key };
    int lock;

    /* the authorities first: by the new one the server will be known */
    if (!hl_trust_take(renewal->ca, json_string_value(json_object_get(answer, "ca")), error) ||
        !hl_pair_end_draft(&pair, json_string_value(json_object_get(answer, "certificate")), error))
        return false;
    lock = hl_pair_take_draft(&pair, error);
    if (lock < 0)
        return false;
    close(lock);
    return true;
}

static void on_answer(const json_t *answer, const GError *error, gpointer user)
{
    ConRenewal *renewal = user;
    g_autoptr(GError) own = NULL;

    renewal->is_asking = false;
    if (error != NULL)
        complain(renewal, error);
    else if (take(renewal, answer, &own))
        hl_info("renewal", "%s is renewed", renewal->cert);
    else
        complain(renewal, own);
}

static void ask(ConRenewal *renewal, const HlCert *cert)
{
    HlPair pair = { renewal->cert, renewal->key };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) csr = hl_pair_begin_draft(&pair, hl_cert_info(cert)->cn, &error);
    g_autofree char *text = csr != NULL ? g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr)) : NULL;
    const char *const arguments[] = { "csr", text, "authorities", "both", NULL };

    if (csr == NULL) {
        complain(renewal, error);
        return;
    }
    renewal->is_asking = true;
    con_line_call(renewal->line,
                  &(ConLineAsk){ .name = "console renew", .arguments = arguments, .done = on_answer, .user = renewal });
}

void con_renewal_look(ConRenewal *renewal)
{
    g_autoptr(HlCert) cert = hl_cert_load(renewal->cert, NULL);
    char *const *authorities = con_line_authorities(renewal->line);
    g_autoptr(GError) error = NULL;

    if (renewal->is_asking || con_line_state(renewal->line) != CON_LINE_UP || cert == NULL)
        return;
    if (hl_pair_is_due(cert, hl_clock_wall()) || hl_trust_is_behind(renewal->ca, authorities, cert)) {
        if (hl_clock_mono() >= renewal->ask_mono)
            ask(renewal, cert);
    } else if (!hl_trust_narrow(renewal->ca, authorities, &error))
        hl_log_limited(HL_LOG_WARN, "renewal", "authorities", "%s holds an authority that ended: %s", renewal->ca,
                       error->message);
}

static gboolean on_timer(gpointer user)
{
    con_renewal_look(user);
    return G_SOURCE_CONTINUE;
}

ConRenewal *con_renewal_new(ConLine *line, const ConConf *conf, const char *directory)
{
    ConRenewal *renewal = g_new0(ConRenewal, 1);

    renewal->line = line;
    renewal->cert = con_place(directory, conf->certificate);
    renewal->key = con_place(directory, conf->key);
    renewal->ca = con_place(directory, conf->ca);
    renewal->timer = g_timeout_add_seconds(LOOK_EVERY, on_timer, renewal);
    return renewal;
}

void con_renewal_free(ConRenewal *renewal)
{
    if (renewal == NULL)
        return;
    g_clear_handle_id(&renewal->timer, g_source_remove);
    g_free(renewal->cert);
    g_free(renewal->key);
    g_free(renewal->ca);
    g_free(renewal);
}
