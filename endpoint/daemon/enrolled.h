/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that exist while this machine is enrolled: spool, journal, intake of settings, commands, renewal, poll,
 * presence.  Wires them and nothing else; there is one of these, or there is none.
 *
 * Made in two steps, so that a reload can have everything checked before anything changes.  Loop thread. */
#ifndef ENDPOINT_DAEMON_ENROLLED_H
#define ENDPOINT_DAEMON_ENROLLED_H

#include "endpoint/core/conf.h"
#include "endpoint/core/refusals.h"
#include "endpoint/daemon/link/presence.h"
#include "endpoint/daemon/work/comeback.h"
#include "endpoint/daemon/work/keeper.h"
#include "endpoint/daemon/work/orders.h"
#include "endpoint/daemon/work/updates.h"

typedef struct EpEnrolled EpEnrolled;

/* All borrowed, and outlive it. */
typedef struct {
    const EpConf *conf; /* read by ep_enrolled_new only */
    const char *boot_id, *fingerprint;
    HlDb *db;
    EpTrouble *trouble;
    EpPulse *pulse; /* may be NULL */
    EpSettings *settings;
    EpProgram *program;
    EpUpdates *updates;
    EpFinds *finds;
    EpOrders *orders;
    EpKeeper *keeper;
    EpRefusals *refused;
} EpEnrolledOptions;

/* Consumes *identity, and claims the database for it: what another identity left there is forgotten, in the same
 * transaction.  Has no other effect yet.  On failure nothing has changed, *identity is still the caller's, and NULL is
 * returned. */
EpEnrolled *ep_enrolled_new(const EpEnrolledOptions *options, EpIdentity **identity, GError **error);

/* Goes to work: opens the direct port, applies the settings of the enrolment, resumes commands.  An earlier one must be
 * freed before. */
void ep_enrolled_start(EpEnrolled *enrolled);

/* Disconnects.  A child that runs goes on without it. */
void ep_enrolled_free(EpEnrolled *enrolled);

/* Other settings are in force. */
void ep_enrolled_settings_changed(EpEnrolled *enrolled);

/* Something was lost because it could not be stored: asks the manager to send again what is missing here. */
void ep_enrolled_ask_again(EpEnrolled *enrolled);

/* As of presence.h. */
void ep_enrolled_say_goodbye(EpEnrolled *enrolled, void (*done)(gpointer user), gpointer user);
void ep_enrolled_announce_leave(EpEnrolled *enrolled, EpLeave leave);

const EpIdentity *ep_enrolled_identity(const EpEnrolled *enrolled);
/* URLs of its server's HTTPS front, in the order of attempts; free with g_strfreev. */
char **ep_enrolled_urls(const EpEnrolled *enrolled);
/* Its brokers likewise, after preferred, which are those of the settings. */
char **ep_enrolled_brokers(const EpEnrolled *enrolled, const char *const *preferred);

/* Of a certificate that ended while it was away. */
EpComebackView ep_enrolled_comeback(const EpEnrolled *enrolled);

EpLinkView ep_enrolled_link(const EpEnrolled *enrolled);

/* Reports that the manager has not acknowledged. */
uint64_t ep_enrolled_reports_waiting(const EpEnrolled *enrolled);

/* The database no longer belongs to anybody: settings, commands and reports of the identity are forgotten. */
bool ep_enrolled_disclaim(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpEnrolled, ep_enrolled_free)

#endif
