/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/upgrade/desk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/package_version.h"
#include "lib/base/text.h"

#define DIRECTORY  "upgrade"
#define ALIVE      "alive.json"
#define MAX_PAPER  16384
#define MAX_DETAIL 1000

static const char *const papers[EP_DESK_N_PAPERS] = {
    [EP_DESK_REQUEST] = "request.json",
    [EP_DESK_RUNNING] = "running.json",
    [EP_DESK_ENDED] = "ended.json",
};

void ep_desk_upgrade_clear(EpDeskUpgrade *upgrade)
{
    g_free(upgrade->from);
    g_free(upgrade->to);
    g_free(upgrade->detail);
    memset(upgrade, 0, sizeof *upgrade);
}

void ep_desk_upgrade_copy(EpDeskUpgrade *to, const EpDeskUpgrade *from)
{
    EpDeskUpgrade copy = *from;

    copy.from = g_strdup(from->from);
    copy.to = g_strdup(from->to);
    copy.detail = g_strdup(from->detail);
    ep_desk_upgrade_clear(to);
    *to = copy;
}

char *ep_desk_directory(const char *state_dir)
{
    return g_build_filename(state_dir, DIRECTORY, NULL);
}

static char *path_of(const char *state_dir, const char *name)
{
    return g_build_filename(state_dir, DIRECTORY, name, NULL);
}

bool ep_desk_make(const char *state_dir, GError **error)
{
    g_autofree char *directory = ep_desk_directory(state_dir);

    return hl_dir_make(directory, 0700, error);
}

/* -------------------------------------------------------------------------------------------------------- papers */

static bool parse(const char *path, const char *text, EpDeskUpgrade *upgrade, GError **error)
{
    g_autoptr(json_t) value = hl_json_parse_bounded(path, text, strlen(text), G_MAXSIZE, error);
    EpDeskUpgrade read = { 0 };
    json_int_t release;
    json_int_t begun;
    json_int_t ended;
    const char *state;
    int tries;
    int lasting;
    int away = 0; /* papers of earlier versions do not say it */

    if (value == NULL)
        return false;
    if (json_unpack(value, "{s:I, s:s, s:s, s:s, s:i, s:s, s:I, s:I, s:b, s?b}", "release", &release, "from",
                    &read.from, "to", &read.to, "state", &state, "tries", &tries, "detail", &read.detail, "begun_ms",
                    &begun, "ended_ms", &ended, "lasting", &lasting, "away", &away) != 0 ||
        release <= 0 || tries < 1 || !ep_upgrade_state_parse(state, &read.upgrade.state) ||
        !hl_package_version_ok(read.from) || !hl_package_version_ok(read.to))
        return hl_fail(error, HL_ERROR_INVALID, "%s does not describe an upgrade", path);
    read.release = (uint64_t)release;
    read.upgrade.tries = (unsigned)tries;
    read.begun = begun;
    read.ended = ended;
    read.lasting = lasting != 0;
    read.away = away != 0;
    ep_desk_upgrade_copy(upgrade, &read);
    return true;
}

EpDeskFind ep_desk_read(const char *state_dir, EpDeskPaper paper, EpDeskUpgrade *upgrade, GError **error)
{
    g_autofree char *path = path_of(state_dir, papers[paper]);
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;

    text = hl_file_read_text(path, MAX_PAPER, &problem);
    if (text != NULL && parse(path, text, upgrade, &problem))
        return EP_DESK_FOUND;
    if (g_error_matches(problem, HL_ERROR, HL_ERROR_NOT_FOUND))
        return EP_DESK_ABSENT;
    g_propagate_error(error, g_steal_pointer(&problem));
    return EP_DESK_UNREADABLE;
}

static bool write_json(const char *path, const json_t *value, GError **error)
{
    g_autofree char *text = hl_json_print(value);

    return hl_file_write_text(path, text, 0600, error);
}

bool ep_desk_write(const char *state_dir, EpDeskPaper paper, const EpDeskUpgrade *upgrade, GError **error)
{
    g_autofree char *path = path_of(state_dir, papers[paper]);
    g_autofree char *printable = hl_text_printable(upgrade->detail != NULL ? upgrade->detail : "");
    g_autofree char *detail = g_utf8_substring(printable, 0, MIN(g_utf8_strlen(printable, -1), MAX_DETAIL));
    g_autoptr(json_t) value =
        json_pack("{s:I, s:s, s:s, s:s, s:i, s:s, s:I, s:I, s:b, s:b}", "release", (json_int_t)upgrade->release, "from",
                  upgrade->from, "to", upgrade->to, "state", ep_upgrade_state_name(upgrade->upgrade.state), "tries",
                  (int)upgrade->upgrade.tries, "detail", detail, "begun_ms", (json_int_t)upgrade->begun, "ended_ms",
                  (json_int_t)upgrade->ended, "lasting", upgrade->lasting, "away", upgrade->away);

    return write_json(path, value, error);
}

bool ep_desk_remove(const char *state_dir, EpDeskPaper paper, GError **error)
{
    g_autofree char *path = path_of(state_dir, papers[paper]);
    g_autofree char *directory = ep_desk_directory(state_dir);

    if (unlink(path) == 0)
        return hl_dir_sync(directory, error);
    return errno == ENOENT || hl_fail_errno(error, errno, "cannot delete %s", path);
}

bool ep_desk_has(const char *state_dir, EpDeskPaper paper)
{
    g_autofree char *path = path_of(state_dir, papers[paper]);

    return access(path, F_OK) == 0;
}

/* ---------------------------------------------------------------------------------------------------- who is alive */

bool ep_desk_say_alive(const char *state_dir, const char *version, int64_t pid, EpDeskLine line, GError **error)
{
    g_autofree char *path = path_of(state_dir, ALIVE);
    g_autoptr(json_t) value = json_pack("{s:s, s:I, s:b, s:b}", "version", version, "pid", (json_int_t)pid, "line_up",
                                        line == EP_DESK_LINE_UP, "server_away", line == EP_DESK_LINE_AWAY);

    return write_json(path, value, error);
}

/* A daemon that does not know server_away says nothing of it. */
int64_t ep_desk_who_is_alive(const char *state_dir, const char *version, EpDeskLine *line)
{
    g_autofree char *path = path_of(state_dir, ALIVE);
    g_autofree char *text = hl_file_read_text(path, MAX_PAPER, NULL);
    g_autoptr(json_t) value = text == NULL ? NULL : hl_json_parse(path, text, strlen(text), NULL);
    const char *of;
    json_int_t pid;
    int up;
    int away = 0;

    *line = EP_DESK_LINE_DOWN;
    if (json_unpack(value, "{s:s, s:I, s:b, s?b}", "version", &of, "pid", &pid, "line_up", &up, "server_away", &away) !=
            0 ||
        pid <= 1 || strcmp(of, version) != 0)
        return 0;
    if (up != 0)
        *line = EP_DESK_LINE_UP;
    else if (away != 0)
        *line = EP_DESK_LINE_AWAY;
    return pid;
}
