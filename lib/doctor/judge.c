/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/doctor/judge.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/i18n.h"

#define CLOCK_WARNING HL_MINUTE        /* events of server and endpoint come in the wrong order to who compares them */
#define CLOCK_FAULT   (10 * HL_MINUTE) /* what is signed for minutes has ended before it began */
#define MEGABYTE      (UINT64_C(1024) * 1024)

void hl_judge_names(HlFindings *findings, const HlNameFact *names, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (names[i].problem != NULL)
            hl_findings_add(findings, HL_GRADE_FAULT,
                            _("mend the entry of that name in DNS or in /etc/hosts, or the network of this machine"),
                            _("the name %s cannot be resolved: %s"), names[i].host, names[i].problem);
        else
            hl_findings_good(findings, _("the name %s resolves"), names[i].host);
    if (n == 0)
        hl_findings_good(findings, _("the server is known by addresses only: no name is needed"));
}

/* ------------------------------------------------------------------------------------------------------- the broker */

#define NETWORK   N_("check cable, routes and firewalls between this machine and the server")
#define PROXY     N_("mend the proxy, or its entry in the configuration")
#define SET_CLOCK N_("set this machine's clock: timedatectl set-ntp true")
#define LISTENS \
    N_("start the manager on the server: systemctl start holdline-managerd; 'holdline doctor' there says why")
/* There, what is the matter with the manager is among the findings, and so is who has its ports. */
#define SEE_MANAGER                                                                                                 \
    N_("see the findings about the manager; where these are good, that address leads to another machine: mend its " \
       "entry in DNS or in /etc/hosts, or the address itself")
#define RENEW N_("renew the server's certificate: systemctl restart holdline-managerd on the server does it")
#define PORT  N_("see which program has that port on the server: ss -ltnp")

static const char *const remedies[HL_N_CAUSES] = {
    [HL_CAUSE_UNUSABLE] = N_("put back the files that the message names, or get new ones: enrol or issue them again"),
    [HL_CAUSE_OWN_ENDED] =
        N_("set the clock if it is wrong: timedatectl set-ntp true; else get another certificate: 'holdline bundle "
           "create "
           "--for ENDPOINT' on the server and 'holdline-endpoint enrol BUNDLE --replace' on a PC; for an account, an "
           "owner's 'holdline account certificate NAME'"),
    [HL_CAUSE_OWN_NOT_YET] = SET_CLOCK,
    [HL_CAUSE_NO_NAME] = N_("mend the entry of that name in DNS or in /etc/hosts, or the network of this machine"),
    [HL_CAUSE_NAME_SERVERS] = N_("check the network of this machine and the name servers in /etc/resolv.conf"),
    [HL_CAUSE_REFUSED] = LISTENS,
    [HL_CAUSE_NO_ROUTE] = NETWORK,
    [HL_CAUSE_SILENT] = NETWORK,
    [HL_CAUSE_BROKEN] = NETWORK,
    [HL_CAUSE_PROXY_LOGIN] = PROXY,
    [HL_CAUSE_PROXY_DENIES] = PROXY,
    [HL_CAUSE_PROXY_FAILS] = PROXY,
    [HL_CAUSE_PROXY_STRANGE] = PROXY,
    [HL_CAUSE_PROXY_SILENT] = PROXY,
    [HL_CAUSE_OTHER_AUTHORITY] =
        N_("check that this is the address of the right server; if its authority was replaced, an owner issues another "
           "certificate ('holdline account certificate NAME'), or a bundle for the PC ('holdline bundle create --for "
           "ENDPOINT')"),
    [HL_CAUSE_OTHER_NAMES] =
        N_("on the server: holdline server certificate --host NAME, with each name it is reached by"),
    [HL_CAUSE_SERVER_ENDED] = RENEW,
    [HL_CAUSE_SERVER_NOT_YET] = SET_CLOCK,
    [HL_CAUSE_SERVER_INVALID] = RENEW,
    [HL_CAUSE_TURNED_AWAY] = N_("set the clocks if one is wrong; else it was revoked or is of another site: 'holdline "
                                "bundle create --for ENDPOINT' on the server and 'holdline-endpoint enrol BUNDLE "
                                "--replace' on a PC; for an account, an owner issues another"),
    [HL_CAUSE_UNKNOWN_AUTHORITY] = N_(
        "on the server, 'holdline restore BACKUP --replace --previous DIR' takes the keys of the site as it was last, "
        "and a broker of your own has to read its files again; where the keys are lost: 'holdline bundle create "
        "--for ENDPOINT' there and 'holdline-endpoint enrol BUNDLE --replace' on a PC, and for an account an owner "
        "issues another certificate"),
    [HL_CAUSE_NO_AGREEMENT] = PORT,
    [HL_CAUSE_NOT_TLS] = PORT,
    [HL_CAUSE_CLOSED] = PORT,
    [HL_CAUSE_STALLED] = PORT,
};

/* Behind a proxy it is the proxy that was or was not reached; on the way to this very machine is no cable. */
static const char *place_remedy(const HlPlaceFact *place, HlJudgeAt at)
{
    bool is_reach = place->cause == HL_CAUSE_REFUSED || place->cause == HL_CAUSE_NO_ROUTE ||
                    place->cause == HL_CAUSE_SILENT || place->cause == HL_CAUSE_BROKEN;

    if (place->by_proxy && is_reach)
        return hl_tr(PROXY);
    if (at == HL_AT_SERVER && place->cause == HL_CAUSE_REFUSED)
        return hl_tr(SEE_MANAGER);
    return hl_tr(place->is_here && is_reach && place->cause != HL_CAUSE_REFUSED ? PORT : remedies[place->cause]);
}

void hl_judge_places(HlFindings *findings, const HlPlaceFact *places, gsize n, HlJudgeAt at)
{
    bool one_answers = false;

    for (gsize i = 0; i < n; i++)
        one_answers = one_answers || places[i].cause == HL_CAUSE_NONE;
    for (gsize i = 0; i < n; i++) {
        const HlPlaceFact *place = &places[i];

        if (place->cause == HL_CAUSE_NONE && place->is_verified)
            hl_findings_good(findings, _("%s answers and is the right server"), place->place);
        else if (place->cause == HL_CAUSE_NONE)
            hl_findings_good(findings, _("%s takes connections"), place->place);
        else
            hl_findings_add(findings, one_answers ? HL_GRADE_WARNING : HL_GRADE_FAULT, place_remedy(place, at),
                            "%s: %s", place->place, place->sentence);
    }
}

/* -------------------------------------------------------------------------------------------------- the HTTPS front */

static const char *front_remedy(const HlFrontFact *front, HlJudgeAt at)
{
    if (front->code == HL_ERROR_UNTRUSTED)
        return _("see the findings about the broker: it shows the same certificate, with the reason");
    if (front->by_proxy)
        return hl_tr(PROXY);
    if (front->is_connected)
        return hl_tr(PORT);
    if (front->cause == HL_CAUSE_NO_NAME || front->cause == HL_CAUSE_NAME_SERVERS || front->cause == HL_CAUSE_NO_ROUTE)
        return hl_tr(remedies[front->cause]);
    if (front->code == HL_ERROR_TIMEOUT)
        return hl_tr(NETWORK);
    return hl_tr(at == HL_AT_SERVER ? SEE_MANAGER : LISTENS);
}

static void judge_front(HlFindings *findings, const HlFrontFact *front, bool one_answers, HlJudgeAt at)
{
    const char *look = at == HL_AT_SERVER
                           ? _("see the other findings, and the manager's log: journalctl -u holdline-managerd")
                           : _("on the server: 'holdline doctor', and the log of the manager");

    if (front->problem != NULL)
        hl_findings_add(findings, one_answers ? HL_GRADE_WARNING : HL_GRADE_FAULT, front_remedy(front, at), "%s",
                        front->problem);
    else if (front->said != NULL)
        hl_findings_add(findings, front->status == 200 ? HL_GRADE_WARNING : HL_GRADE_FAULT, look, "%s says: %s",
                        front->url, front->said);
    else if (front->status != 200)
        hl_findings_add(findings, HL_GRADE_FAULT, hl_tr(PORT), _("%s answers with the status %ld"), front->url,
                        front->status);
    else
        hl_findings_good(findings, _("%s answers and is healthy"), front->url);
}

void hl_judge_fronts(HlFindings *findings, const HlFrontFact *fronts, gsize n, HlJudgeAt at)
{
    bool one_answers = false;

    for (gsize i = 0; i < n; i++)
        one_answers = one_answers || fronts[i].problem == NULL;
    for (gsize i = 0; i < n; i++)
        judge_front(findings, &fronts[i], one_answers, at);
}

void hl_judge_clock(HlFindings *findings, const HlFrontFact *fronts, gsize n)
{
    const HlFrontFact *front = NULL;
    g_autofree char *off = NULL;
    HlTime ahead, by;

    for (gsize i = 0; i < n && front == NULL; i++)
        front = fronts[i].server != 0 ? &fronts[i] : NULL;
    if (front == NULL) {
        hl_findings_add(findings, HL_GRADE_UNSEEN, _("see the findings about the server's front"),
                        _("no server answers, so there is no clock to compare with"));
        return;
    }
    ahead = hl_time_difference(front->machine, front->server);
    by = ahead < 0 ? -ahead : ahead;
    off = hl_duration_describe(by);
    if (by < CLOCK_WARNING)
        hl_findings_good(findings, _("the clock agrees with the server's"));
    else
        hl_findings_add(findings, by < CLOCK_FAULT ? HL_GRADE_WARNING : HL_GRADE_FAULT, hl_tr(SET_CLOCK),
                        ahead > 0 ? _("this machine's clock is %s ahead of the server's")
                                  : _("this machine's clock is %s behind the server's"),
                        off);
}

/* ----------------------------------------------------------------------------------------------------- this machine */

static void judge_certificate(HlFindings *findings, const HlCertFact *fact, HlTime now)
{
    g_autofree char *begin = hl_time_format(fact->begin);
    g_autofree char *end = hl_time_format(fact->end);

    if (fact->is_hidden)
        hl_findings_add(findings, HL_GRADE_UNSEEN, _("run doctor as root, or as the user to whom the file belongs"),
                        _("%s: this user may not read %s"), hl_tr(fact->what), fact->path);
    else if (fact->problem != NULL)
        hl_findings_add(findings, HL_GRADE_FAULT, hl_tr(fact->remedy), "%s: %s", hl_tr(fact->what), fact->problem);
    else if (now >= fact->end)
        hl_findings_add(findings, HL_GRADE_FAULT, hl_tr(fact->remedy), _("%s ended at %s: %s"), hl_tr(fact->what), end,
                        fact->path);
    else if (now < fact->begin)
        hl_findings_add(findings, HL_GRADE_FAULT, hl_tr(SET_CLOCK), _("%s is valid only from %s on: %s"),
                        hl_tr(fact->what), begin, fact->path);
    else if (fact->end - now < fact->early)
        hl_findings_add(findings, HL_GRADE_WARNING, hl_tr(fact->remedy), _("%s ends at %s: %s"), hl_tr(fact->what), end,
                        fact->path);
    else
        hl_findings_good(findings, _("%s is valid until %s"), hl_tr(fact->what), end);
}

void hl_judge_certificates(HlFindings *findings, const HlCertFact *certificates, gsize n, HlTime now)
{
    for (gsize i = 0; i < n; i++)
        judge_certificate(findings, &certificates[i], now);
}

/* A hundredth is left, of a large disk 64 MiB: as the manager's health has it, and what it stores fails soon.  A
 * twentieth, of a large one 1 GiB: not enough for another set of patterns. */
static bool is_below(uint64_t free, uint64_t size, uint64_t share, uint64_t most)
{
    return size > 0 && free < MIN(size / share, most);
}

static HlGrade grade_of(const HlDiskFact *disk)
{
    if (is_below(disk->free, disk->size, 100, 64 * MEGABYTE) || is_below(disk->files_free, disk->files, 1000, 100))
        return HL_GRADE_FAULT;
    return is_below(disk->free, disk->size, 20, 1024 * MEGABYTE) || is_below(disk->files_free, disk->files, 100, 10000)
               ? HL_GRADE_WARNING
               : HL_GRADE_GOOD;
}

/* The same in every locale.  Caller frees. */
static char *describe_size(uint64_t bytes)
{
    uint64_t megabytes = bytes / MEGABYTE;

    return megabytes < 10 * 1024 ? g_strdup_printf("%" G_GUINT64_FORMAT " MiB", megabytes)
                                 : g_strdup_printf("%" G_GUINT64_FORMAT " GiB", megabytes / 1024);
}

/* false: nothing keeps it from taking files, but for the room. */
static bool judge_writing(HlFindings *findings, const HlDiskFact *disk)
{
    const char *remedy = _("the kernel does so after errors of a disk: look for them with dmesg, check the disk, then "
                           "mount it for writing again");

    if (disk->is_read_only)
        hl_findings_add(findings, HL_GRADE_FAULT, remedy,
                        _("the file system of %s is mounted read-only, so nothing can be stored"), disk->path);
    else if (disk->unwritten != NULL)
        hl_findings_add(findings, HL_GRADE_FAULT, remedy, _("nothing can be stored in %s: %s"), disk->path,
                        hl_tr(disk->unwritten));
    return disk->is_read_only || disk->unwritten != NULL;
}

void hl_judge_disks(HlFindings *findings, const HlDiskFact *disks, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        const HlDiskFact *disk = &disks[i];
        HlGrade grade = grade_of(disk);
        bool files = is_below(disk->files_free, disk->files, 100, 10000);
        g_autofree char *left = describe_size(disk->free);

        if (disk->problem != NULL)
            hl_findings_add(findings, HL_GRADE_UNSEEN, _("run doctor as root"), "%s: %s", disk->path,
                            hl_tr(disk->problem));
        else if (judge_writing(findings, disk))
            continue;
        else if (grade == HL_GRADE_GOOD)
            hl_findings_good(findings, "%s has %s free", disk->path, left);
        else if (files)
            hl_findings_add(findings, grade, _("delete files that are not needed from that file system"),
                            _("the file system of %s has room for only %" PRIu64 " more files"), disk->path,
                            disk->files_free);
        else
            hl_findings_add(findings, grade, _("make room on that disk, or give it a larger one"),
                            _("the disk of %s has only %s free"), disk->path, left);
    }
}

void hl_judge_programs(HlFindings *findings, const HlProgramFact *programs, gsize n, const char *own)
{
    for (gsize i = 0; i < n; i++) {
        const HlProgramFact *program = &programs[i];
        g_autofree char *install =
            g_strdup_printf(_("install the package %s, or name the program in the configuration"), program->package);

        if (program->problem != NULL)
            hl_findings_add(findings, HL_GRADE_FAULT, install, _("%s cannot be run: %s"), program->program,
                            program->problem);
        else if (program->version == NULL)
            hl_findings_good(findings, _("%s is there"), program->program);
        else if (strcmp(program->version, own) != 0)
            hl_findings_add(findings, HL_GRADE_WARNING,
                            _("bring all packages of Holdline on this machine to one version (dpkg -i with all of "
                              "them), and restart its services"),
                            _("%s has version %s, and this program %s"), program->program, program->version, own);
        else
            hl_findings_good(findings, _("%s has version %s"), program->program, program->version);
    }
}
