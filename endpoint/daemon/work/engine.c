/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "endpoint/scan/clamd.h"
#include "endpoint/scan/clamd_conf.h"
#include "endpoint/scan/confine.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define MIB           ((guint64)1024 * 1024)
#define WATCH_SECONDS 10
#define MAX_LOG       (1 * MIB)
#define MAX_DEATHS    3         /* in a row, without a minute of life between them */
#define LIFE          HL_MINUTE /* after which a death is not the same trouble */
#define SET_FACTOR \
    6 /* memory of a loaded set against its files: plain hashes take 2.6 (measured), packages are compressed */
#define BASE_MEMORY  (64 * MIB)   /* of an engine without signatures: 20 MiB measured, and its threads */
#define SPARE_MEMORY (1024 * MIB) /* for what its threads unpack */

struct EpEngine {
    EpEngineOptions has;
    char *directory;
    char *marker; /* what the test file contains; the same for all starts, because scans hold that file open */
    HlChild *child;
    bool stopping;
    guint held, deaths;
    HlTime started_mono, dropped_mono;
    char *set, *conf; /* what the running one was started with */
    guint watch;
};

static char *place(const EpEngine *engine, const char *name)
{
    return g_build_filename(engine->directory, name, NULL);
}

/* ------------------------------------------------------------------------------------------------ its files */

/* The set's own directory: "active" may be switched while the engine runs. */
static char *active_set(const EpEngine *engine, GError **error)
{
    g_autofree char *link = g_build_filename(ep_updates_directory(engine->has.updates), "active", NULL);
    char resolved[PATH_MAX];

    if (realpath(link, resolved) != NULL)
        return g_strdup(resolved);
    hl_fail(error, HL_ERROR_UNAVAILABLE, "there is no pattern set on this machine yet: update it first");
    return NULL;
}

/* Bytes of its files. */
static guint64 set_size(const char *set)
{
    g_autoptr(GDir) dir = g_dir_open(set, 0, NULL);
    guint64 sum = 0;
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(set, name, NULL);
        struct stat st;

        if (lstat(path, &st) == 0)
            sum += (guint64)st.st_size;
    }
    return sum;
}

/* As those know it who have given up their rights (endpoint/scan/confine.h). */
static char *confined_path(const EpEngine *engine, const char *path)
{
    char patterns[PATH_MAX];
    const char *below = NULL;

    if (realpath(ep_updates_directory(engine->has.updates), patterns) != NULL && g_str_has_prefix(path, patterns))
        below = path + strlen(patterns);
    return below != NULL && *below == '/' ? g_strconcat(EP_CONFINE_PATTERNS, below, NULL) : g_strdup(path);
}

static bool link_set(const EpEngine *engine, const char *set, GError **error)
{
    g_autofree char *db = place(engine, "db");
    g_autofree char *confined = confined_path(engine, set);
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (!hl_tree_remove(db, error) || !hl_dir_make(db, 0755, error))
        return false;
    dir = g_dir_open(set, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *from = g_build_filename(db, name, NULL);
        g_autofree char *to = g_build_filename(confined, name, NULL);

        if (!g_str_has_suffix(name, ".json") && symlink(to, from) != 0)
            return hl_fail_errno(error, errno, "cannot make %s", from);
    }
    return dir != NULL || hl_fail(error, HL_ERROR_UNAVAILABLE, "cannot read the pattern set %s", set);
}

/* Root's, and readable by the engine. */
/* Whatever the umask says: it belongs to the engine's group already (lay_out). */
static bool share(const char *path, mode_t mode, GError **error)
{
    return chmod(path, mode) == 0 || hl_fail_errno(error, errno, "cannot share %s with the scan engine", path);
}

static bool write_test_signature(const EpEngine *engine, GError **error)
{
    g_autofree char *hex = hl_hex(engine->marker, strlen(engine->marker));
    g_autofree char *signature = g_strdup_printf("Holdline.EngineTest:0:*:%s\n", hex);
    g_autofree char *path = place(engine, "db/holdline-test.ndb");

    return hl_file_write_text(path, signature, 0644, error);
}

/* Compressed, so that the engine has to unpack it into its temporary directory. */
static bool write_test(const EpEngine *engine, GError **error)
{
    g_autofree char *path = place(engine, "test");
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1);
    char packed[256];
    gsize taken;
    gsize size;

    if (g_converter_convert(G_CONVERTER(gzip), engine->marker, strlen(engine->marker), packed, sizeof packed,
                            G_CONVERTER_INPUT_AT_END, &taken, &size, NULL) != G_CONVERTER_FINISHED)
        return hl_fail(error, HL_ERROR_FAILED, "cannot make the scan engine's test file");
    return write_test_signature(engine, error) && hl_file_write(path, packed, size, 0640, error) &&
           share(path, 0640, error);
}

/* Emptied, because scans that go on hold it open; another one only where the engine's group has changed. */
static bool empty_log(const EpEngine *engine, gid_t group, GError **error)
{
    g_autofree char *path = place(engine, "log");
    hl_autofd int fd = -1;
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_gid != group && unlink(path) != 0)
        return hl_fail_errno(error, errno, "cannot remove %s", path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    return (fd >= 0 && share(path, 0640, error)) || (fd < 0 && hl_fail_errno(error, errno, "cannot write %s", path));
}

static bool make_run(const EpEngine *engine, GError **error)
{
    g_autofree char *run = place(engine, "run");

    return hl_tree_remove(run, error) && hl_dir_make(run, 0770, error) && share(run, 0770, error);
}

static char *conf_text(const EpEngine *engine)
{
    const HlSettings *settings = ep_settings_values(engine->has.settings);

    return ep_clamd_conf(&(EpClamdConf){ .directory = EP_CONFINE_PLACE,
                                         .max_size = (guint64)settings->scan_max_size * MIB,
                                         .max_depth = (guint)settings->scan_max_depth,
                                         .max_time = settings->scan_max_time });
}

static bool lay_out(EpEngine *engine, GError **error)
{
    g_autofree char *path = place(engine, "clamd.conf");
    const struct passwd *user = geteuid() == 0 ? ep_confine_user(engine->has.conf->scan_user, error) : NULL;
    gid_t group = user != NULL ? user->pw_gid : getegid();
    gid_t own;
    bool done;

    if (geteuid() == 0 && user == NULL)
        return false;
    if (user != NULL && strcmp(user->pw_name, engine->has.conf->scan_user) != 0)
        hl_warn("scan",
                "there is no user '%s': the scan engine runs as '%s', who may have other processes that see what it "
                "scans; create the user with systemd-sysusers",
                engine->has.conf->scan_user, user->pw_name);
    g_free(engine->conf);
    engine->conf = conf_text(engine);
    /* What is made now is the group's: CAP_SETGID is there anyway, CAP_CHOWN need not be. */
    own = (gid_t)setfsgid(group);
    done = hl_dir_make(engine->directory, 0711, error) && make_run(engine, error) &&
           link_set(engine, engine->set, error) && write_test(engine, error) && empty_log(engine, group, error) &&
           hl_file_write_text(path, engine->conf, 0644, error);
    setfsgid(own);
    return done;
}

/* -------------------------------------------------------------------------------------------------- its life */

/* MemAvailable of proc(5), bytes; the largest number where it is not told. */
static guint64 memory_available(void)
{
    g_autofree char *text = NULL;
    const char *row;
    guint64 kib;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL) || (row = strstr(text, "MemAvailable:")) == NULL ||
        sscanf(row, "MemAvailable: %" SCNu64, &kib) != 1)
        return G_MAXUINT64;
    return kib * 1024;
}

static bool check_memory(guint64 need, GError **error)
{
    guint64 have = memory_available();

    return have >= need ||
           hl_fail(error, HL_ERROR_UNAVAILABLE,
                   "the pattern set needs about %" PRIu64 " MiB of memory, and %" PRIu64 " MiB are free", need / MIB,
                   have / MIB);
}

static bool launch(EpEngine *engine, GError **error);

/* Its last complaint; caller frees. */
static char *last_words(const EpEngine *engine)
{
    g_autofree char *path = place(engine, "log");
    g_autofree char *text = hl_file_read_text(path, 2 * MAX_LOG, NULL);
    g_autofree char *words = hl_text_last_words(text != NULL ? text : "");

    return g_strdup(*words != '\0' ? words : "it gave no reason");
}

static void give_up(EpEngine *engine, const char *how)
{
    hl_warn("scan", "the scan engine does not run: %s", how);
    engine->deaths = 0;
    engine->has.gave_up(how, engine->has.user);
}

static void start_again(EpEngine *engine)
{
    g_autoptr(GError) error = NULL;

    if (engine->held > 0 && !launch(engine, &error))
        give_up(engine, error->message);
}

static void on_end(const HlChildEnd *end, gpointer user)
{
    EpEngine *engine = user;
    g_autofree char *words = last_words(engine);
    g_autofree char *how =
        g_strdup_printf("it ended with %s %d: %s", end->exited ? "status" : "signal", end->status, words);
    bool meant = engine->stopping;

    engine->child = NULL;
    engine->stopping = false;
    g_clear_handle_id(&engine->watch, g_source_remove);
    if (meant) {
        start_again(engine);
        return;
    }
    hl_warn("scan", "the scan engine: %s", how);
    engine->deaths = hl_clock_mono() - engine->started_mono < LIFE ? engine->deaths + 1 : 1;
    if (engine->deaths >= MAX_DEATHS)
        give_up(engine, how);
    else
        start_again(engine);
}

static void stop(EpEngine *engine)
{
    if (engine->child == NULL || engine->stopping)
        return;
    engine->stopping = true;
    hl_child_stop(engine->child);
}

/* Its log is bounded, and it does not stay when nobody needs it. */
static gboolean on_watch(gpointer user)
{
    EpEngine *engine = user;
    g_autofree char *log = place(engine, "log");
    struct stat st;

    if (stat(log, &st) == 0 && (guint64)st.st_size > MAX_LOG && truncate(log, 0) != 0)
        hl_warn("scan", "cannot empty %s: %s", log, g_strerror(errno));
    if (engine->held == 0 &&
        hl_clock_mono() - engine->dropped_mono >= ep_settings_values(engine->has.settings)->scan_idle)
        stop(engine);
    return G_SOURCE_CONTINUE;
}

static bool launch(EpEngine *engine, GError **error)
{
    g_autofree char *log = place(engine, "log");
    guint64 need = BASE_MEMORY + SET_FACTOR * set_size(engine->set);
    guint64 files = EP_CLAMD_THREADS * MIB * (guint64)ep_settings_values(engine->has.settings)->scan_max_size;
    g_autofree char *memory = g_strdup_printf("%" PRIu64, need + files + SPARE_MEMORY);
    g_autofree char *file_size = g_strdup_printf(
        "%" PRIu64, 2 * MIB * (guint64)ep_settings_values(engine->has.settings)->scan_max_size + MAX_LOG);
    const char *argv[] = { engine->has.conf->scanner,
                           "engine",
                           "--user",
                           engine->has.conf->scan_user,
                           "--place",
                           engine->directory,
                           "--patterns",
                           ep_updates_directory(engine->has.updates),
                           "--memory",
                           memory,
                           "--file-size",
                           file_size,
                           "--",
                           engine->has.conf->clamd_program,
                           "-c",
                           EP_CONFINE_PLACE "/clamd.conf",
                           NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    spec.argv = argv;
    spec.log_path = log;
    spec.may_be_lost = true; /* in the middle of a file that it was given */
    if (!check_memory(need, error) || !lay_out(engine, error))
        return false;
    engine->child = hl_child_start(&spec, NULL, on_end, engine, error);
    if (engine->child == NULL)
        return false;
    engine->started_mono = hl_clock_mono();
    engine->watch = g_timeout_add_seconds(WATCH_SECONDS, on_watch, engine);
    return true;
}

static bool is_current(const EpEngine *engine, const char *set)
{
    g_autofree char *conf = conf_text(engine);

    return strcmp(set, engine->set) == 0 && strcmp(conf, engine->conf) == 0;
}

bool ep_engine_hold(EpEngine *engine, GError **error)
{
    g_autofree char *set = active_set(engine, error);

    if (set == NULL)
        return false;
    /* one that is ending is started again when it has ended: its socket is the next one's */
    if (engine->child != NULL && engine->held == 0 && !is_current(engine, set))
        stop(engine);
    if (engine->child == NULL || engine->held == 0) {
        g_free(engine->set);
        engine->set = g_steal_pointer(&set);
    }
    if (engine->child == NULL && !launch(engine, error))
        return false;
    engine->held++;
    return true;
}

void ep_engine_drop(EpEngine *engine)
{
    g_assert(engine->held > 0);
    engine->held--;
    engine->dropped_mono = hl_clock_mono();
}

void ep_engine_kill(EpEngine *engine)
{
    g_autofree char *socket = place(engine, EP_CLAMD_SOCKET);

    if (engine->child == NULL || engine->stopping)
        return;
    engine->stopping = true;
    /* One that hangs in the kernel takes questions until it is gone, and answers none: nobody may ask it any more, and
     * who has asked it sees by this that the next one is to be asked. */
    if (unlink(socket) != 0 && errno != ENOENT)
        hl_warn("scan", "cannot remove %s: %s", socket, g_strerror(errno));
    hl_child_kill(engine->child);
}

void ep_engine_settings_changed(EpEngine *engine)
{
    g_autofree char *conf = engine->child == NULL ? NULL : conf_text(engine);

    if (conf != NULL && strcmp(conf, engine->conf) != 0)
        stop(engine); /* scans that hold it ask again when it is back */
}

void ep_engine_refresh(EpEngine *engine)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *set = active_set(engine, NULL);
    g_autofree char *socket = place(engine, EP_CLAMD_SOCKET);

    if (engine->child == NULL || engine->stopping || set == NULL || strcmp(set, engine->set) == 0)
        return;
    if (engine->held == 0) {
        stop(engine);
        return;
    }
    g_free(engine->set);
    engine->set = g_steal_pointer(&set);
    if (!link_set(engine, engine->set, &error) || !write_test_signature(engine, &error) ||
        !ep_clamd_reload(socket, &error)) {
        hl_warn("scan", "the scan engine starts again with the new set: %s", error->message);
        ep_engine_kill(engine);
    }
}

static void add(GPtrArray *argv, const char *flag, char *value)
{
    g_ptr_array_add(argv, g_strdup(flag));
    g_ptr_array_add(argv, value);
}

void ep_engine_add_words(const EpEngine *engine, GPtrArray *argv)
{
    const HlSettings *settings = ep_settings_values(engine->has.settings);

    add(argv, "--place", g_strdup(engine->directory));
    add(argv, "--patterns", g_strdup(ep_updates_directory(engine->has.updates)));
    add(argv, "--engine", g_strdup(EP_CONFINE_PLACE "/" EP_CLAMD_SOCKET));
    add(argv, "--test-file", g_strdup(EP_CONFINE_PLACE "/test"));
    add(argv, "--database", g_strdup(EP_CONFINE_PLACE "/db"));
    add(argv, "--log", g_strdup(EP_CONFINE_PLACE "/log"));
    add(argv, "--max-size", g_strdup_printf("%" PRIu64, (guint64)settings->scan_max_size * MIB));
    add(argv, "--max-time", hl_duration_format(settings->scan_max_time));
}

EpEngine *ep_engine_new(const EpEngineOptions *options)
{
    EpEngine *engine = g_new0(EpEngine, 1);

    engine->has = *options;
    engine->marker = hl_ident_new("holdline-");
    engine->directory = g_build_filename(options->conf->state_dir, "engine", NULL);
    return engine;
}

void ep_engine_free(EpEngine *engine)
{
    if (engine == NULL)
        return;
    g_clear_handle_id(&engine->watch, g_source_remove);
    g_clear_pointer(&engine->child, hl_child_abandon);
    g_free(engine->directory);
    g_free(engine->marker);
    g_free(engine->set);
    g_free(engine->conf);
    g_free(engine);
}
