/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "endpoint/cli/call.h"
#include "endpoint/cli/doctor.h"
#include "proto/updater_lines.h"

#define DAEMON_LOG "its log has more: journalctl -u holdline-endpointd"
#define AS_ROOT    "run it as root: sudo holdline-endpoint doctor"

void ep_judge_configuration(const EpDoctor *doctor, HlFindings *findings)
{
    if (doctor->conf_problem != NULL)
        hl_findings_add(findings, HL_GRADE_FAULT, "mend the configuration: the daemon does not start with it", "%s",
                        doctor->conf_problem);
    else
        hl_findings_good(findings, "the configuration can be used");
    for (guint i = 0; doctor->conf_doubles != NULL && i < doctor->conf_doubles->len; i++)
        hl_findings_note(findings, NULL, "%s", (const char *)g_ptr_array_index(doctor->conf_doubles, i));
}

void ep_judge_daemon(const EpDoctor *doctor, HlFindings *findings)
{
    const char *problem = hl_json_text(doctor->status, "problem");

    if (doctor->status == NULL) {
        const char *remedy = doctor->is_upgrading ? AWAIT_UPGRADE : START_DAEMON;
        const char *end = g_strrstr(doctor->silence, remedy); /* silence may end with ": " and that */
        int length = end != NULL ? (int)(end - doctor->silence) - 2 : -1;

        if (doctor->is_upgrading)
            hl_findings_note(findings, remedy, "%.*s", length, doctor->silence);
        else
            hl_findings_add(findings, HL_GRADE_FAULT, remedy, "%.*s", length, doctor->silence);
        return;
    }
    hl_findings_good(findings, "the endpoint daemon answers");
    if (*problem != '\0')
        hl_findings_add(findings, HL_GRADE_WARNING, DAEMON_LOG, "the endpoint daemon has a problem: %s", problem);
}

void ep_judge_enrolment(const EpDoctor *doctor, HlFindings *findings)
{
    switch (doctor->identity) {
    case EP_IDENTITY_NONE:
        hl_findings_add(findings, HL_GRADE_FAULT, "enrol it as root: holdline-endpoint enrol BUNDLE",
                        "this machine is not enrolled");
        break;
    case EP_IDENTITY_HIDDEN:
        hl_findings_add(findings, HL_GRADE_UNSEEN, AS_ROOT,
                        "this user may not read the identity of this machine, so certificates were not looked at");
        break;
    case EP_IDENTITY_UNUSABLE:
        hl_findings_add(findings, HL_GRADE_FAULT,
                        "enrol it again, with a bundle that is made for it: holdline-endpoint enrol BUNDLE --replace",
                        "%s", doctor->identity_problem);
        break;
    case EP_IDENTITY_USABLE:
        hl_findings_good(findings, "this machine is enrolled");
        break;
    }
}

/* ------------------------------------------------------------------------------------------------ the way to the
 * server
 */

void ep_judge_names(const EpDoctor *doctor, HlFindings *findings)
{
    if (doctor->brokers != NULL)
        hl_judge_names(findings, HL_FACTS(&doctor->facts.names, HlNameFact), doctor->facts.names.facts->len);
    else
        hl_findings_add(findings, HL_GRADE_UNSEEN, "see the findings about enrolment and daemon",
                        "no address of the server is known, so the way to it was not looked at");
}

void ep_judge_line(const EpDoctor *doctor, HlFindings *findings)
{
    const json_t *line = json_object_get(doctor->status, "line");
    const char *error = hl_json_text(line, "last_error");

    hl_judge_places(findings, HL_FACTS(&doctor->facts.places, HlPlaceFact), doctor->facts.places.facts->len,
                    HL_ELSEWHERE);
    if (line == NULL)
        return;
    if (strcmp(hl_json_text(line, "state"), "up") == 0)
        hl_findings_good(findings, "the line is up, to %s", hl_json_text(line, "broker"));
    else if (*error != '\0')
        hl_findings_add(findings, HL_GRADE_FAULT, "see the other findings about names, line, front and clock",
                        "the line is down: %s", error);
    else
        hl_findings_note(findings, "look again in a minute: holdline-endpoint doctor",
                         "the line is not up yet: no attempt has ended");
}

void ep_judge_front(const EpDoctor *doctor, HlFindings *findings)
{
    hl_judge_fronts(findings, HL_FACTS(&doctor->facts.fronts, HlFrontFact), doctor->facts.fronts.facts->len,
                    HL_ELSEWHERE);
}

void ep_judge_clock(const EpDoctor *doctor, HlFindings *findings)
{
    if (doctor->facts.fronts.facts->len > 0)
        hl_judge_clock(findings, HL_FACTS(&doctor->facts.fronts, HlFrontFact), doctor->facts.fronts.facts->len);
}

/* ----------------------------------------------------------------------------------------------------- this machine */

void ep_judge_certificate(const EpDoctor *doctor, HlFindings *findings)
{
    hl_judge_certificates(findings, HL_FACTS(&doctor->facts.certificates, HlCertFact),
                          doctor->facts.certificates.facts->len, doctor->now);
}

void ep_judge_disk(const EpDoctor *doctor, HlFindings *findings)
{
    hl_judge_disks(findings, HL_FACTS(&doctor->facts.disks, HlDiskFact), doctor->facts.disks.facts->len);
}

/* Another update changes nothing while the server has none, and not everybody may begin one here. */
static const char *patterns_remedy(const EpDoctor *doctor, const char *failure)
{
    bool is_forbidden = json_is_false(json_object_get(json_object_get(doctor->status, "privileges"), "update-now"));

    if (strstr(failure, HL_UPDATER_NO_PATTERNS) != NULL)
        return HL_UPDATER_PUBLISH_PATTERNS;
    if (*hl_json_text(json_object_get(doctor->status, "update"), "last_at") == '\0')
        return is_forbidden
                   ? "the first update begins by itself soon after the start: look again in a minute; if there "
                     "are none then, have an administrator update it: holdline update-now ENDPOINT"
                   : "the first update begins by itself soon after the start: look again in a minute; if there "
                     "are none then, update: holdline-endpoint update-now";
    if (is_forbidden)
        return "have an administrator update it, as the users of this machine may not: holdline update-now ENDPOINT";
    return "update: holdline-endpoint update-now, and see what it says";
}

void ep_judge_patterns(const EpDoctor *doctor, HlFindings *findings)
{
    const json_t *update = json_object_get(doctor->status, "update");
    const char *failure = hl_json_text(update, "last_detail");

    if (!doctor->knows_patterns)
        hl_findings_add(findings, HL_GRADE_UNSEEN, "see the finding about the daemon",
                        "only the daemon knows which patterns are in use");
    else if (*doctor->patterns == '\0')
        hl_findings_add(findings, HL_GRADE_FAULT, patterns_remedy(doctor, failure),
                        "there are no patterns on this machine, so scans find nothing");
    else
        hl_findings_good(findings, "patterns are in use: %s", doctor->patterns);
    if (*hl_json_text(update, "last_at") != '\0' && !json_is_true(json_object_get(update, "last_succeeded")))
        hl_findings_add(findings, HL_GRADE_WARNING, patterns_remedy(doctor, failure), "the last update failed: %s",
                        *failure != '\0' ? failure : "unknown error");
}

void ep_judge_scanner(const EpDoctor *doctor, HlFindings *findings)
{
    const json_t *on_write = json_object_get(doctor->status, "on_write");

    if (!doctor->has_scan_user)
        hl_findings_add(findings, HL_GRADE_FAULT, "make that user: systemd-sysusers, as root",
                        "there is no user %s, as whom the scan engine runs", doctor->conf.scan_user);
    else
        hl_findings_good(findings, "the scan engine has a user of its own");
    if (doctor->profile != NULL) {
        g_autofree char *name = g_path_get_basename(doctor->profile);
        g_autofree char *remedy =
            g_strdup_printf("allow it, as root: echo '%s/patterns/{,**} r, %s/engine/{,**} rwk,' "
                            ">>/etc/apparmor.d/local/%s; apparmor_parser -r %s",
                            doctor->conf.state_dir, doctor->conf.state_dir, name, doctor->profile);

        hl_findings_add(
            findings, HL_GRADE_WARNING, remedy,
            "AppArmor's profile %s is in force, which keeps the scan engine from reading Holdline's patterns",
            doctor->profile);
    }
    if (strcmp(hl_json_text(on_write, "state"), "not watching") == 0)
        hl_findings_add(findings, HL_GRADE_WARNING, DAEMON_LOG, "files that are written are not watched: %s",
                        hl_json_text(on_write, "why"));
}

/* How the last upgrade of the program ended, where that leaves something to do. */
static void judge_upgrade(const EpDoctor *doctor, const json_t *upgrade, HlFindings *findings)
{
    g_autofree char *by_hand =
        g_strdup_printf("see what is left to do, and install the version before as root: dpkg --audit; "
                        "HOLDLINE_WAY_BACK=%s dpkg -i %s/upgrade/before/*.deb",
                        hl_json_text(upgrade, "from"), doctor->conf.state_dir);

    if (strcmp(hl_json_text(upgrade, "state"), "stuck") == 0)
        hl_findings_add(findings, HL_GRADE_FAULT, by_hand, "the upgrade to %s failed, and so did the way back: %s",
                        hl_json_text(upgrade, "to"), hl_json_text(upgrade, "detail"));
    else if (strcmp(hl_json_text(upgrade, "state"), "back") == 0)
        hl_findings_add(findings, HL_GRADE_WARNING, "'holdline-endpoint upgrade --retry' tries it once more",
                        "the upgrade to %s failed, and the version before is back: %s", hl_json_text(upgrade, "to"),
                        hl_json_text(upgrade, "detail"));
    else if (strcmp(hl_json_text(upgrade, "state"), "refused") == 0)
        hl_findings_add(findings, HL_GRADE_WARNING,
                        "the next update tries it again; at once, as root: holdline-endpoint upgrade --retry",
                        "the upgrade to %s was not begun: %s", hl_json_text(upgrade, "to"),
                        hl_json_text(upgrade, "detail"));
    else if (strcmp(hl_json_text(upgrade, "state"), "asked") == 0)
        hl_findings_note(findings, "if that stays so for a minute: systemctl status holdline-upgrade.path",
                         "the upgrade to %s was asked for, and has not begun yet", hl_json_text(upgrade, "to"));
}

void ep_judge_versions(const EpDoctor *doctor, HlFindings *findings)
{
    if (doctor->is_upgrading)
        hl_findings_note(findings, AWAIT_UPGRADE, "the program is being upgraded, so versions were not compared");
    else
        hl_judge_programs(findings, HL_FACTS(&doctor->facts.programs, HlProgramFact), doctor->facts.programs.facts->len,
                          HOLDLINE_VERSION);
    judge_upgrade(doctor, json_object_get(doctor->status, "upgrade"), findings);
}
