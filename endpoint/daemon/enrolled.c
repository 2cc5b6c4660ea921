/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/enrolled.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/work/commands.h"
#include "endpoint/daemon/work/intake.h"
#include "endpoint/daemon/work/server.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/pki/signing.h"
#include "proto/wire.h"

#define IDENTITY_FACT "identity" /* whose the database is, in the store */
#define RETRY_SPREAD  (10 * HL_SECOND)

struct EpEnrolled {
    EpEnrolledOptions has;
    bool is_new; /* the database was another identity's */
    EpIdentity *identity;
    EpServerTime time;
    EpKeys *keys;
    EpSpool *spool;
    EpJournal *journal;
    EpRefuser *refuser;
    EpIntake *intake;
    EpServer *server;
    EpRenewal *renewal;
    EpComeback *comeback;
    EpCommands *commands;
    EpPoll *poll;
    EpPresence *presence;
};

/* ------------------------------------------------------------------------------------------------- the arrows up */

static bool on_send(GBytes *report, gpointer user)
{
    const EpEnrolled *enrolled = user;

    return ep_presence_send_report(enrolled->presence, report);
}

static bool on_is_line_up(gpointer user)
{
    return ep_enrolled_link(user).state == HL_BUS_UP;
}

static char **on_servers(gpointer user)
{
    return ep_enrolled_urls(user);
}

static bool on_letter(GBytes *envelope, gpointer user)
{
    const EpEnrolled *enrolled = user;

    return ep_server_letter(enrolled->server, envelope);
}

static void on_renewed(gpointer user)
{
    const EpEnrolled *enrolled = user;

    ep_presence_renewed(enrolled->presence);
}

static EpComebackLine on_line(gpointer user)
{
    EpLinkView view = ep_enrolled_link(user);

    return (EpComebackLine){ view.state == HL_BUS_UP, view.attempts };
}

static void on_settings_came(GBytes *envelope, gpointer user)
{
    const EpEnrolled *enrolled = user;

    ep_intake_offer(enrolled->intake, envelope, "channel",
                    ep_enrolled_link(enrolled).session); /* it reports by itself what became of them */
}

static void on_server_came(GBytes *envelope, gpointer user)
{
    const EpEnrolled *enrolled = user;

    EpLinkView view = ep_enrolled_link(enrolled);

    ep_server_offer(enrolled->server, envelope, view.broker, view.session);
}

static void on_server_changed(EpServerChange change, gpointer user)
{
    const EpEnrolled *enrolled = user;

    ep_poll_refresh(enrolled->poll);
    ep_renewal_hurry(enrolled->renewal, ep_server_window(enrolled->server));
    ep_presence_server_changed(enrolled->presence, change);
}

/* A manager that is told of a birth may not know any longer what it was asked for, or its answer was lost. */
static void on_born(gpointer user)
{
    const EpEnrolled *enrolled = user;

    ep_renewal_hurry(enrolled->renewal, ep_server_window(enrolled->server));
}

static void on_command_came(GBytes *envelope, gpointer user)
{
    const EpEnrolled *enrolled = user;

    ep_commands_offer(enrolled->commands, envelope);
}

/* ----------------------------------------------------------------------------------------------------- the database */

static bool forget(HlDb *db, const char *owner, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, db, error) && ep_store_forget_identity(db, error) &&
           ep_store_set(db, IDENTITY_FACT, owner, error) && hl_txn_commit(&txn, error);
}

bool ep_enrolled_disclaim(HlDb *db, GError **error)
{
    return forget(db, "", error);
}

/* By id and signing key: the same id at a server that was set up again is another identity. */
static bool claim(EpEnrolled *enrolled, const EpIdentity *identity, GError **error)
{
    g_autofree char *key = hl_signing_key_id(identity->signing_key);
    g_autofree char *owner = g_strdup_printf("%s of %s", identity->id, key);
    g_autofree char *before = ep_store_get(enrolled->has.db, IDENTITY_FACT, "");

    enrolled->is_new = strcmp(owner, before) != 0;
    if (enrolled->is_new)
        return forget(enrolled->has.db, owner, error);
    /* the settings of an enrolment wait to be applied: it is a fresh one of the same identity (enrol --replace) */
    return !g_file_test(identity->settings_path, G_FILE_TEST_EXISTS) || ep_store_restart_line(enrolled->has.db, error);
}

/* ------------------------------------------------------------------------------------------------------------- life */

/* From the ground up; those that cannot fail. */
static void make_parts(EpEnrolled *enrolled, EpIdentity *identity)
{
    const EpEnrolledOptions *has = &enrolled->has;
    EpSpool *spool = enrolled->spool;

    enrolled->keys = ep_keys_new(identity->signing_key);
    enrolled->journal = ep_journal_new(has->db, spool);
    enrolled->refuser = ep_refuser_new(&(EpRefuserOptions){ has->refused, spool, has->trouble });
    enrolled->intake = ep_intake_new(&(EpIntakeOptions){ .identity = identity,
                                                         .keys = enrolled->keys,
                                                         .db = has->db,
                                                         .settings = has->settings,
                                                         .spool = spool,
                                                         .refuser = enrolled->refuser,
                                                         .trouble = has->trouble,
                                                         .time = &enrolled->time });
    enrolled->renewal = ep_renewal_new(
        &(EpRenewalOptions){ identity, has->db, spool, has->trouble, &enrolled->time, on_renewed, enrolled });
    enrolled->commands = ep_commands_new(&(EpCommandsOptions){ .identity = identity,
                                                               .keys = enrolled->keys,
                                                               .journal = enrolled->journal,
                                                               .spool = spool,
                                                               .refuser = enrolled->refuser,
                                                               .trouble = has->trouble,
                                                               .time = &enrolled->time,
                                                               .settings = has->settings,
                                                               .updates = has->updates,
                                                               .orders = has->orders,
                                                               .keeper = has->keeper,
                                                               .renewal = enrolled->renewal });
    enrolled->poll = ep_poll_new(&(EpPollOptions){ identity, has->settings, spool, has->trouble });
}

static bool make_server(EpEnrolled *enrolled, EpIdentity *identity, GError **error)
{
    enrolled->server = ep_server_new(&(EpServerOptions){ .identity = identity,
                                                         .keys = enrolled->keys,
                                                         .db = enrolled->has.db,
                                                         .spool = enrolled->spool,
                                                         .refuser = enrolled->refuser,
                                                         .trouble = enrolled->has.trouble,
                                                         .time = &enrolled->time,
                                                         .changed = on_server_changed,
                                                         .user = enrolled },
                                     error);
    return enrolled->server != NULL;
}

static void make_comeback(EpEnrolled *enrolled, const EpIdentity *identity)
{
    const EpEnrolledOptions *has = &enrolled->has;

    enrolled->comeback = ep_comeback_new(&(EpComebackOptions){ .identity = identity,
                                                               .db = has->db,
                                                               .trouble = has->trouble,
                                                               .pulse = has->pulse,
                                                               .time = &enrolled->time,
                                                               .renewal = enrolled->renewal,
                                                               .proxy = has->conf->line_proxy,
                                                               .pace_base = has->conf->backoff_base,
                                                               .pace_cap = has->conf->backoff_cap,
                                                               .line = on_line,
                                                               .urls = on_servers,
                                                               .letter = on_letter,
                                                               .user = enrolled });
}

static bool make_presence(EpEnrolled *enrolled, const EpIdentity *identity, GError **error)
{
    const EpEnrolledOptions *has = &enrolled->has;

    enrolled->presence = ep_presence_new(&(EpPresenceOptions){ .identity = identity,
                                                               .keys = enrolled->keys,
                                                               .conf = has->conf,
                                                               .boot_id = has->boot_id,
                                                               .fingerprint = has->fingerprint,
                                                               .db = has->db,
                                                               .trouble = has->trouble,
                                                               .pulse = has->pulse,
                                                               .time = &enrolled->time,
                                                               .spool = enrolled->spool,
                                                               .settings = has->settings,
                                                               .program = has->program,
                                                               .updates = has->updates,
                                                               .poll = enrolled->poll,
                                                               .server = enrolled->server,
                                                               .refused = has->refused,
                                                               .settings_came = on_settings_came,
                                                               .server_came = on_server_came,
                                                               .command_came = on_command_came,
                                                               .born = on_born,
                                                               .user = enrolled },
                                         error);
    return enrolled->presence != NULL;
}

EpEnrolled *ep_enrolled_new(const EpEnrolledOptions *options, EpIdentity **identity, GError **error)
{
    g_autoptr(EpEnrolled) enrolled = g_new0(EpEnrolled, 1);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    enrolled->has = *options;
    /* one transaction with the parts: if one of them cannot be made, the database is still the earlier identity's */
    if (!hl_txn_begin(&txn, options->db, error) || !claim(enrolled, *identity, error) ||
        (enrolled->spool = ep_spool_new(options->db, on_send, enrolled, error)) == NULL)
        return NULL;
    make_parts(enrolled, *identity);
    if (!make_server(enrolled, *identity, error) || !make_presence(enrolled, *identity, error) ||
        !hl_txn_commit(&txn, error))
        return NULL;
    make_comeback(enrolled, *identity);
    enrolled->has.conf = NULL;
    enrolled->identity = g_steal_pointer(identity);
    return g_steal_pointer(&enrolled);
}

/* The settings that came with the enrolment are in force before the first connect. */
static void apply_enrolled_settings(const EpEnrolled *enrolled)
{
    const char *path = enrolled->identity->settings_path;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) envelope = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    envelope = hl_file_read(path, HL_WIRE_MAX_SIZE, &error);
    if (envelope == NULL) {
        hl_error("enrol", "%s", error->message);
        return;
    }
    switch (ep_intake_offer(enrolled->intake, envelope, "bundle", 0)) {
    case EP_INTAKE_IN_FORCE:
    case EP_INTAKE_UNCHANGED:
    case EP_INTAKE_DECLINED:
    case EP_INTAKE_REFUSED:
        unlink(path); /* once is enough: later it would be a replay */
        break;
    case EP_INTAKE_NOT_STORED: /* the next start offers them again */
        break;
    }
}

void ep_enrolled_start(EpEnrolled *enrolled)
{
    const EpEnrolledOptions *has = &enrolled->has;

    ep_updates_enrol(has->updates,
                     &(EpUpdateEnrolment){ enrolled->identity, enrolled->spool, on_is_line_up, on_servers, enrolled });
    ep_program_enrol(has->program, enrolled->spool);
    ep_finds_enrol(has->finds, enrolled->spool);
    ep_keeper_enrol(has->keeper, enrolled->spool);
    if (enrolled->is_new)
        ep_settings_reset(has->settings);
    apply_enrolled_settings(enrolled);
    ep_poll_refresh(enrolled->poll);
    /* last: what is resumed runs under the settings of this enrolment, and reports its updates to it */
    ep_commands_resume(enrolled->commands);
    hl_info("enrol", "this is endpoint %s of %s", enrolled->identity->id, enrolled->identity->server);
}

/* From the top down. */
void ep_enrolled_free(EpEnrolled *enrolled)
{
    if (enrolled == NULL)
        return;
    if (enrolled->identity != NULL) { /* else it never started, and updates and finds are another one's */
        ep_updates_enrol(enrolled->has.updates, NULL);
        ep_program_enrol(enrolled->has.program, NULL);
        ep_finds_enrol(enrolled->has.finds, NULL);
        ep_keeper_enrol(enrolled->has.keeper, NULL);
    }
    ep_comeback_free(enrolled->comeback);
    ep_presence_free(enrolled->presence);
    ep_poll_free(enrolled->poll);
    ep_commands_free(enrolled->commands);
    ep_renewal_free(enrolled->renewal);
    ep_server_free(enrolled->server);
    ep_intake_free(enrolled->intake);
    ep_refuser_free(enrolled->refuser);
    ep_journal_free(enrolled->journal);
    ep_spool_free(enrolled->spool);
    ep_keys_free(enrolled->keys);
    ep_identity_free(enrolled->identity);
    g_free(enrolled);
}

void ep_enrolled_settings_changed(EpEnrolled *enrolled)
{
    ep_poll_refresh(enrolled->poll);
    ep_presence_settings_changed(enrolled->presence);
}

void ep_enrolled_ask_again(EpEnrolled *enrolled)
{
    ep_presence_repeat_birth(enrolled->presence, RETRY_SPREAD);
}

void ep_enrolled_say_goodbye(EpEnrolled *enrolled, void (*done)(gpointer user), gpointer user)
{
    ep_presence_say_goodbye(enrolled->presence, done, user);
}

void ep_enrolled_announce_leave(EpEnrolled *enrolled, EpLeave leave)
{
    ep_presence_announce_leave(enrolled->presence, leave);
}

const EpIdentity *ep_enrolled_identity(const EpEnrolled *enrolled)
{
    return enrolled->identity;
}

char **ep_enrolled_urls(const EpEnrolled *enrolled)
{
    return ep_server_urls(enrolled->server);
}

EpComebackView ep_enrolled_comeback(const EpEnrolled *enrolled)
{
    return ep_comeback_view(enrolled->comeback);
}

char **ep_enrolled_brokers(const EpEnrolled *enrolled, const char *const *preferred)
{
    return ep_server_brokers(enrolled->server, preferred);
}

EpLinkView ep_enrolled_link(const EpEnrolled *enrolled)
{
    return ep_presence_view(enrolled->presence);
}

uint64_t ep_enrolled_reports_waiting(const EpEnrolled *enrolled)
{
    return ep_spool_waiting(enrolled->spool);
}
