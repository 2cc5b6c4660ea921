/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/shown.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/doctor/probe.h"

#define PATIENCE \
    (30 * HL_SECOND)   /* a broker that is slow to read; "broker.reload-command" may have to wait for others */
#define PAUSE      200 /* ms, between two looks */
#define UNSEEN_FOR (5 * HL_SECOND) /* a broker that starts again refuses for a moment */

typedef enum {
    SHOWS_EARLIER, /* or the new one will be seen soon */
    SHOWS_NEW,
    SHOWS_FOREIGN, /* not one of the server's: nothing was to change there */
    UNSEEN,        /* why says why */
} State;

typedef struct {
    const char *address; /* borrowed */
    State state;
    char *why;
    HlTime unseen_mono; /* since when it is UNSEEN */
} Sight;

static void sight_free(gpointer item)
{
    Sight *sight = item;

    g_free(sight->why);
    g_free(sight);
}

static void add(GPtrArray *sights, const char *address)
{
    Sight *sight;

    for (guint i = 0; i < sights->len; i++)
        if (strcmp(((const Sight *)sights->pdata[i])->address, address) == 0)
            return;
    sight = g_new0(Sight, 1);
    sight->address = address;
    g_ptr_array_add(sights, sight);
}

/* A look may take its time: what it failed to see counts from when it began. */
static void look(Sight *sight, const HlProbeIdentity *identity, const char *serial, HlTime now_mono)
{
    g_autoptr(HlCert) cert = NULL;

    g_clear_pointer(&sight->why, g_free);
    cert = hl_probe_shown(sight->address, identity, &sight->why);
    if (cert == NULL) {
        sight->unseen_mono = sight->state == UNSEEN ? sight->unseen_mono : now_mono;
        sight->state = UNSEEN;
    } else if (strcmp(hl_cert_info(cert)->serial, serial) == 0)
        sight->state = SHOWS_NEW;
    else
        sight->state = hl_cert_info(cert)->kind == HL_CERT_SERVER ? SHOWS_EARLIER : SHOWS_FOREIGN;
}

/* The first in this state; NULL: there is none. */
static const Sight *find(const GPtrArray *sights, State state)
{
    for (guint i = 0; i < sights->len; i++)
        if (((const Sight *)sights->pdata[i])->state == state)
            return sights->pdata[i];
    return NULL;
}

static bool has_seen(const GPtrArray *sights)
{
    return find(sights, SHOWS_NEW) != NULL || find(sights, SHOWS_FOREIGN) != NULL;
}

static bool may_be_seen_yet(const GPtrArray *sights, HlTime now_mono)
{
    for (guint i = 0; i < sights->len; i++) {
        const Sight *sight = sights->pdata[i];

        if (sight->state == UNSEEN && now_mono - sight->unseen_mono < UNSEEN_FOR)
            return true;
    }
    return false;
}

/* An address that leads nowhere for a while is waited for only while nothing else can be looked at: a port that is
 * forwarded for endpoints need not be open from here. */
static bool is_settled(const GPtrArray *sights, HlTime now_mono)
{
    return find(sights, SHOWS_EARLIER) == NULL && has_seen(sights) && !may_be_seen_yet(sights, now_mono);
}

static void look_until_settled(const GPtrArray *sights, const HlProbeIdentity *identity, const char *serial)
{
    HlTime deadline = hl_clock_mono() + PATIENCE;

    for (;;) {
        for (guint i = 0; i < sights->len; i++) {
            Sight *sight = sights->pdata[i];

            if (sight->state == SHOWS_EARLIER || sight->state == UNSEEN)
                look(sight, identity, serial, hl_clock_mono());
        }
        if (is_settled(sights, hl_clock_mono()) || hl_clock_mono() >= deadline)
            return;
        g_usleep(PAUSE * 1000);
    }
}

static bool conclude(const GPtrArray *sights, const char *serial, GError **error)
{
    const Sight *earlier = find(sights, SHOWS_EARLIER);
    const Sight *unseen = find(sights, UNSEEN);

    if (earlier != NULL)
        return hl_fail(
            error, HL_ERROR_PARTIAL,
            _("the certificate %s is in force, but the broker at %s still shows an earlier one, so endpoints that are "
              "told one of the new names would go back: see its log and 'holdline status', and restart it; an external "
              "broker has to be given pki/server.pem, by broker.reload-command or by hand"),
            serial, earlier->address);
    if (!has_seen(sights) && unseen != NULL)
        return hl_fail(error, HL_ERROR_PARTIAL,
                       _("the certificate %s is in force, but whether the broker at %s shows it could not be looked at "
                         "from here: %s; 'holdline doctor' on the server looks there"),
                       serial, unseen->address, unseen->why);
    for (guint i = 0; i < sights->len; i++) {
        const Sight *sight = sights->pdata[i];

        if (sight->state == UNSEEN)
            fprintf(stderr, _("note: whether %s shows the new certificate could not be looked at from here: %s\n"),
                    sight->address, sight->why);
        else if (sight->state == SHOWS_FOREIGN)
            fprintf(stderr, _("note: %s shows a certificate that is not the server's, which stays as it is\n"),
                    sight->address);
    }
    return true;
}

bool cli_shown_await(const CliConfig *conf, const char *const *brokers, const char *serial, GError **error)
{
    g_autoptr(GPtrArray) sights = g_ptr_array_new_with_free_func(sight_free);
    g_autofree char *ca = cli_config_path(conf, conf->ca);
    g_autofree char *cert = cli_config_path(conf, conf->certificate);
    g_autofree char *key = cli_config_path(conf, conf->key);
    const HlProbeIdentity identity = { .ca = ca, .cert = cert, .key = key };

    for (gsize i = 0; conf->brokers[i] != NULL; i++)
        add(sights, conf->brokers[i]);
    for (gsize i = 0; brokers[i] != NULL; i++)
        add(sights, brokers[i]);
    look_until_settled(sights, &identity, serial);
    return conclude(sights, serial, error);
}
