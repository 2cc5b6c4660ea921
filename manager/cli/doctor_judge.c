/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/i18n.h"
#include "manager/cli/doctor.h"

#include <string.h>

#include "lib/base/network.h"
#include "manager/core/now.h"
#include "manager/core/pattern_age.h"
#include "proto/components.h"

/* What a user may not see, or a machine does not have, is said once. */
static bool is_open(const CliDoctor *doctor)
{
    return doctor->view == CLI_SITE_OPEN;
}

static HlJudgeAt where_is(const CliDoctor *doctor)
{
    return is_open(doctor) ? HL_AT_SERVER : HL_ELSEWHERE;
}

/* --------------------------------------------------------------------------------------------------------- the site */

static void judge_view(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *as_owner = g_strdup_printf(_("run it as that user: runuser -u %s -- holdline doctor --site %s"),
                                                doctor->owner != NULL ? doctor->owner : "holdline", doctor->dir);

    g_autofree char *make =
        g_strdup_printf(_("make one: runuser -u %s -- holdline init %s --host NAME, with the name by "
                          "which PCs reach this machine; or name another directory: --site DIR"),
                        doctor->owner != NULL ? doctor->owner : "holdline", doctor->dir);

    if (doctor->view == CLI_SITE_HIDDEN)
        hl_findings_add(findings, HL_GRADE_UNSEEN, as_owner,
                        _("%s belongs to %s, and this user may not look into it: what is in it was not looked at"),
                        doctor->dir, doctor->owner);
    else if (doctor->view == CLI_SITE_EMPTY)
        hl_findings_add(findings, HL_GRADE_FAULT, make, _("there is no site in %s yet"), doctor->dir);
    else if (doctor->is_named)
        hl_findings_add(findings, HL_GRADE_FAULT, _("name the server's directory: --site DIR"),
                        _("there is no site in %s"), doctor->dir);
    else
        hl_findings_add(findings, HL_GRADE_UNSEEN, _("on the server: holdline doctor --site DIR"),
                        _("there is no site on this machine (%s): only the way to the server was looked at"),
                        doctor->dir);
}

/* Some notes begin with it. */
static const char *without_subject(const MgrSiteFinding *check)
{
    const char *subject = hl_tr(check->subject);
    gsize size = strlen(subject);

    return g_str_has_prefix(check->text, subject) && g_str_has_prefix(check->text + size, ": ") ? check->text + size + 2
                                                                                                : check->text;
}

void cli_judge_site(const CliDoctor *doctor, HlFindings *findings)
{
    guint problems = 0;

    if (!is_open(doctor)) {
        judge_view(doctor, findings);
        return;
    }
    for (guint i = 0; i < doctor->checks->len; i++) {
        const MgrSiteFinding *check = &g_array_index(doctor->checks, MgrSiteFinding, i);

        hl_findings_begin(findings, check->subject);
        if (check->kind == MGR_FINDING_NOTE && doctor->has_repository && strcmp(check->subject, "repository") == 0)
            continue; /* that nothing is published: said of the repository, with its remedy */
        if (check->kind == MGR_FINDING_NOTE)
            hl_findings_note(findings, check->remedy, "%s", without_subject(check));
        else if (!check->is_end) /* said of the certificates, with their dates */
            hl_findings_add(findings, HL_GRADE_FAULT,
                            check->remedy != NULL ? check->remedy : _("as the text says; then 'holdline check' again"),
                            "%s", check->text);
        problems += check->kind == MGR_FINDING_PROBLEM;
    }
    hl_findings_begin(findings, "site");
    if (problems == 0)
        hl_findings_good(findings, _("%s is sound"), doctor->dir);
}

/* ------------------------------------------------------------------------------------------- the manager, its ports */

static void judge_taken(const CliPortFact *port, HlFindings *findings)
{
    g_autofree char *remedy =
        g_strdup_printf(_("stop that program, or choose another port: %s in manager.conf"), port->option);

    if (*port->another.name == '\0')
        hl_findings_add(findings, HL_GRADE_FAULT, remedy,
                        _("port %u, which is for %s, is taken by a program of another user"), port->port,
                        hl_tr(port->what));
    else
        hl_findings_add(findings, HL_GRADE_FAULT, remedy, _("port %u, which is for %s, is taken by %s (process %d)"),
                        port->port, hl_tr(port->what), port->another.name, (int)port->another.pid);
}

/* A broker that ended is started again by its manager, the later the oftener it did: by a minute (ground/broker.c). */
static void judge_silent(const CliPortFact *port, HlFindings *findings)
{
    g_autofree char *again =
        g_strdup_printf(_("if it ended by itself the manager starts it within a minute: look again with 'holdline "
                          "doctor'; why it ended: journalctl -u holdline-managerd, and tail %s"),
                        port->log);

    hl_findings_add(findings, HL_GRADE_FAULT,
                    port->log != NULL ? again : _("the manager's log says why: journalctl -u holdline-managerd"),
                    _("nobody listens at port %u, which is for %s"), port->port, hl_tr(port->what));
}

static void judge_port(const CliDoctor *doctor, const CliPortFact *port, HlFindings *findings)
{
    if (port->listeners > 0 && !port->is_ours)
        judge_taken(port, findings);
    else if (port->listeners > 0)
        hl_findings_good(findings, _("%s listens at port %u"), hl_tr(port->what), port->port);
    else if (doctor->is_running)
        judge_silent(port, findings);
    else
        hl_findings_good(findings, _("port %u, which is for %s, is free"), port->port, hl_tr(port->what));
}

void cli_judge_manager(const CliDoctor *doctor, HlFindings *findings)
{
    if (!is_open(doctor))
        return;
    if (doctor->is_running)
        hl_findings_good(findings, _("a manager runs on %s"), doctor->dir);
    else if (doctor->is_fenced)
        hl_findings_note(findings,
                         _("leave it stopped; if this copy is the right one, stop the other manager first, and then: "
                           "holdline-managerd take-over"),
                         _("no manager runs on %s, which another one of this site has fenced"), doctor->dir);
    else
        hl_findings_add(findings, HL_GRADE_FAULT,
                        _("start it: systemctl start holdline-managerd; its log: journalctl -u holdline-managerd"),
                        _("no manager runs on %s"), doctor->dir);
    for (guint i = 0; i < doctor->n_ports; i++)
        judge_port(doctor, &doctor->ports[i], findings);
}

/* ---------------------------------------------------------------------------------------------------- the way to it */

static bool is_addressed(const CliDoctor *doctor)
{
    return doctor->brokers != NULL && (doctor->brokers[0] != NULL || doctor->urls[0] != NULL);
}

static void judge_client(const CliDoctor *doctor, HlFindings *findings)
{
    if (doctor->client_hidden)
        hl_findings_add(findings, HL_GRADE_UNSEEN, _("name one of this user's own: --config FILE"), "%s",
                        doctor->client_problem);
    else if (doctor->client_problem != NULL)
        hl_findings_add(findings, HL_GRADE_FAULT,
                        _("mend that file, or get another one: 'holdline admin create' writes it"), "%s",
                        doctor->client_problem);
    else if (doctor->client_path != NULL)
        hl_findings_good(findings, _("%s is usable"), doctor->client_path);
}

void cli_judge_names(const CliDoctor *doctor, HlFindings *findings)
{
    judge_client(doctor, findings);
    if (is_addressed(doctor))
        hl_judge_names(findings, HL_FACTS(&doctor->facts.names, HlNameFact), doctor->facts.names.facts->len);
    else
        hl_findings_add(findings, HL_GRADE_UNSEEN,
                        _("name a client configuration with --config or HOLDLINE_CONFIG, or the site with --site; an "
                          "administrator who has none yet asks an owner for one: 'holdline account request NAME'"),
                        _("no address of the server is known, so names, broker and front were not looked at"));
}

/* The number, from 0, of the broker at this port; MGR_BROKER_UNKNOWN: none of ours. */
static guint broker_at(const CliDoctor *doctor, const char *address)
{
    uint16_t port;

    for (guint i = 0; hl_place_parse(address, NULL, &port) && i < mgr_conf_brokers(&doctor->conf); i++)
        if (port == doctor->conf.broker_port + i)
            return i;
    return MGR_BROKER_UNKNOWN;
}

/* The first that none of the addresses is for; MGR_BROKER_UNKNOWN: none.  One with a port that no broker has may be of
 * a router, and lead to any. */
static guint find_untold(const CliDoctor *doctor, char **addresses)
{
    guint first = MGR_BROKER_UNKNOWN, untold = 0, foreign = 0, told = doctor->drained;

    for (gsize i = 0; addresses[i] != NULL; i++) {
        guint broker = broker_at(doctor, addresses[i]);

        if (broker == MGR_BROKER_UNKNOWN)
            foreign++;
        else
            told |= 1U << broker;
    }
    for (guint i = mgr_conf_brokers(&doctor->conf); i-- > 0;)
        if (!(told & 1U << i)) {
            untold++;
            first = i;
        }
    return untold > foreign ? first : MGR_BROKER_UNKNOWN;
}

void cli_judge_told(const CliDoctor *doctor, HlFindings *findings)
{
    bool good = true;

    for (guint i = 0; doctor->told != NULL && i < doctor->told->len; i++) {
        const CliToldFact *told = &g_array_index(doctor->told, CliToldFact, i);
        guint untold = find_untold(doctor, told->brokers);
        g_autofree char *whose = told->group != NULL ? g_strdup_printf(_("line.brokers of group %s"), told->group)
                                                     : g_strdup(_("the server"));
        g_autofree char *remedy =
            told->group != NULL
                ? g_strdup_printf(_("holdline group set %s line.brokers=..., with an address of each"), told->group)
                : g_strdup(
                      _("holdline server set --broker ... and broker.addresses in manager.conf, with one of each"));

        if (untold == MGR_BROKER_UNKNOWN)
            continue;
        good = false;
        hl_findings_add(findings, HL_GRADE_WARNING, remedy,
                        _("%s names no address with port %u, which is broker %u: endpoints do not go there"), whose,
                        (guint)doctor->conf.broker_port + untold, untold + 1);
    }
    if (doctor->told != NULL && good)
        hl_findings_good(findings, _("endpoints are told of all brokers"));
}

/* Its process does not run, and is not meant to: that nobody listens there is no trouble of its own. */
static bool is_of_drained(const CliDoctor *doctor, const char *address)
{
    guint broker = doctor->drained != 0 ? broker_at(doctor, address) : MGR_BROKER_UNKNOWN;

    return broker != MGR_BROKER_UNKNOWN && (doctor->drained & 1U << broker) != 0;
}

static void judge_drained(const CliDoctor *doctor, HlFindings *findings)
{
    for (guint i = 0; i < MGR_MAX_BROKERS; i++) {
        g_autofree char *remedy = g_strdup_printf("holdline broker undrain %u", i + 1);

        if (doctor->drained & 1U << i)
            hl_findings_note(findings, remedy, _("broker %u is drained: its endpoints are at the others"), i + 1);
    }
}

void cli_judge_broker(const CliDoctor *doctor, HlFindings *findings)
{
    g_autoptr(GArray) meant = g_array_new(FALSE, FALSE, sizeof(HlPlaceFact));
    bool is_strange = false;

    for (guint i = 0; i < doctor->facts.places.facts->len; i++) {
        HlPlaceFact place = HL_FACTS(&doctor->facts.places, HlPlaceFact)[i];

        if (place.cause != HL_CAUSE_REFUSED || !is_of_drained(doctor, place.place))
            g_array_append_val(meant, place);
        is_strange = is_strange || place.cause == HL_CAUSE_OTHER_AUTHORITY;
    }
    judge_drained(doctor, findings);
    if (is_strange)
        hl_findings_note(
            findings, _("stop the manager here, and use the later site"),
            _("if the authority was replaced on another machine, this copy of the site is from before that"));
    hl_judge_places(findings, (const HlPlaceFact *)(gpointer)meant->data, meant->len, where_is(doctor));
}

void cli_judge_front(const CliDoctor *doctor, HlFindings *findings)
{
    hl_judge_fronts(findings, HL_FACTS(&doctor->facts.fronts, HlFrontFact), doctor->facts.fronts.facts->len,
                    where_is(doctor));
}

void cli_judge_client(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *site = doctor->brokers != NULL ? g_strjoinv(",", doctor->brokers) : g_strdup("");
    g_autofree char *remedy = g_strdup_printf(_("mend 'brokers' in %s: this site is at %s"), doctor->client_path, site);

    for (guint i = 0; i < doctor->client.facts->len; i++) {
        const HlPlaceFact *place = &HL_FACTS(&doctor->client, HlPlaceFact)[i];

        if (place->cause != HL_CAUSE_NONE)
            hl_findings_add(findings, HL_GRADE_FAULT, remedy, _("%s, where the command line connects to: %s"),
                            place->place, place->sentence);
    }
}

void cli_judge_clock(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *alive = hl_time_format(doctor->alive);
    g_autofree char *now = hl_time_format(doctor->now);
    g_autofree char *behind = hl_duration_describe(mgr_now_round(MAX(doctor->alive - doctor->now, 0)));

    if (doctor->alive > doctor->now + MGR_MARK_SLACK)
        hl_findings_add(
            findings, HL_GRADE_FAULT,
            _("set this machine's clock: timedatectl set-ntp true; if it is right, it was ahead then, and "
              "this passes once two more endpoints on line agree with it than do not, or one more for a day"),
            _("this machine's clock is behind by %s: the manager was alive at %s, and it says %s"), behind, alive, now);
    if (doctor->facts.fronts.facts->len > 0)
        hl_judge_clock(findings, HL_FACTS(&doctor->facts.fronts, HlFrontFact), doctor->facts.fronts.facts->len);
}

/* ------------------------------------------------------------------------------------------------------ what it has */

/* With the words that the manager has for it.  A person's certificate is no fault of the server's. */
static void judge_end(const CliDoctor *doctor, const CliEndFact *fact, HlFindings *findings)
{
    MgrEnd end = { fact->kind, fact->name, fact->begin, fact->end };
    MgrEndGrade grade = mgr_end_grade(&end, doctor->now);
    g_autofree char *text = mgr_end_describe(&end, doctor->now);
    g_autofree char *remedy = mgr_end_remedy(&end, doctor->dir, doctor->is_copy);

    if (grade != MGR_END_QUIET)
        hl_findings_add(findings,
                        grade == MGR_END_PAST && mgr_end_is_role(fact->kind) ? HL_GRADE_FAULT : HL_GRADE_WARNING,
                        remedy, "%s", text);
}

void cli_judge_certificates(const CliDoctor *doctor, HlFindings *findings)
{
    hl_judge_certificates(findings, HL_FACTS(&doctor->facts.certificates, HlCertFact),
                          doctor->facts.certificates.facts->len, doctor->now);
    for (guint i = 0; doctor->ends != NULL && i < doctor->ends->len; i++)
        judge_end(doctor, &g_array_index(doctor->ends, CliEndFact, i), findings);
}

void cli_judge_disk(const CliDoctor *doctor, HlFindings *findings)
{
    hl_judge_disks(findings, HL_FACTS(&doctor->facts.disks, HlDiskFact), doctor->facts.disks.facts->len);
}

/* A new server has none, and one whose endpoints update from elsewhere needs none: that is no fault. */
static void note_no_patterns(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *remedy =
        doctor->is_copy
            ? g_strdup(_("copy the source: holdline pattern sync"))
            : g_strdup_printf(_("systemctl start holdline-repo-import, once freshclam has fetched ClamAV's; by hand: "
                                "'holdline-updater repo import %s/repo', then 'holdline-updater repo publish %s/repo'"),
                              doctor->dir, doctor->dir);

    hl_findings_note(findings, remedy, _("no patterns are published yet: endpoints get none from this server"));
}

/* Nothing is behind then, and nothing has ended: only the age tells. */
static void judge_age(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *daily = hl_components_only(doctor->latest != NULL ? doctor->latest : "", MGR_PATTERNS_DAILY);
    HlTime until = mgr_patterns_old_until(doctor->conf.patterns_old_after, doctor->now);
    g_autofree char *names = hl_components_until(daily, until);
    g_autofree char *day = hl_time_format(hl_components_published(daily));
    g_autofree char *remedy =
        doctor->is_copy
            ? g_strdup(_("ask the source again: holdline pattern sync; if it has none either, ask those who run it"))
            : g_strdup_printf(_("look at: %s; or publish some: holdline pattern publish COMPONENT FILE; if they come "
                                "seldom, raise patterns.old-after in manager.conf"),
                              MGR_PATTERNS_LOOK);

    if (*names != '\0')
        hl_findings_add(findings, HL_GRADE_WARNING, remedy, _("the patterns (%s) are of %.10s: none have come since"),
                        names, day);
}

void cli_judge_repository(const CliDoctor *doctor, HlFindings *findings)
{
    g_autofree char *end = hl_time_format(doctor->expires);
    g_autofree char *resign =
        doctor->is_copy
            ? g_strdup(_("copy the source again: holdline pattern sync; if it stays so, the source is not renewed"))
            : g_strdup_printf(_("renew it, where its keys are: holdline-updater repo resign %s/repo"), doctor->dir);

    if (!is_open(doctor) || !doctor->has_repository)
        return; /* the check of the site says whether that is right */
    if (!doctor->has_patterns)
        note_no_patterns(doctor, findings);
    judge_age(doctor, findings);
    switch (mgr_signature_age(doctor->signed_at, doctor->expires, doctor->now)) {
    case MGR_SIGNATURE_NONE:
        break; /* nothing is signed yet; or it cannot be read, which the check of the site says */
    case MGR_SIGNATURE_GOOD:
        hl_findings_good(findings, _("the timestamp is valid until %s"), end);
        break;
    case MGR_SIGNATURE_AGEING:
        hl_findings_add(findings, HL_GRADE_WARNING, resign,
                        _("the timestamp was not renewed in time, and ends at %s: endpoints then get no patterns"),
                        end);
        break;
    case MGR_SIGNATURE_AHEAD:
        hl_findings_add(findings, HL_GRADE_WARNING, _("set the clock, if this one is wrong; else renew the timestamp"),
                        _("the timestamp was signed by a clock that was ahead, or this machine's clock is behind"));
        break;
    case MGR_SIGNATURE_EXPIRED:
        hl_findings_add(findings, HL_GRADE_FAULT, resign, _("the timestamp ended at %s: endpoints refuse the patterns"),
                        end);
        break;
    }
}

void cli_judge_versions(const CliDoctor *doctor, HlFindings *findings)
{
    hl_judge_programs(findings, HL_FACTS(&doctor->facts.programs, HlProgramFact), doctor->facts.programs.facts->len,
                      HOLDLINE_VERSION);
}
