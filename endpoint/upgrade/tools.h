/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's package and service manager, as the helper that upgrades the program needs them.  Blocking, each call
 * bounded in time; what they print goes to the log. */
#ifndef ENDPOINT_UPGRADE_TOOLS_H
#define ENDPOINT_UPGRADE_TOOLS_H

#include "lib/base/clock.h"

#define EP_TOOLS_UNIT "holdline-endpointd.service"

typedef struct {
    const char *directory; /* of dpkg, dpkg-deb, dpkg-query and systemctl */
    const char *lock;      /* that package managers hold while they are at work */
    HlTime patience;       /* how long it is waited for */
} EpTools;

#define EP_TOOLS_DIRECTORY "/usr/bin"
#define EP_TOOLS_LOCK      "/var/lib/dpkg/lock-frontend"
#define EP_TOOLS_PATIENCE  (10 * HL_MINUTE)

/* Once, before there are children: what package scripts may rely on, and that nobody is asked anything. */
void ep_tools_set_environment(void);

/* Version of an installed package, also of one whose configuration failed; NULL without an error: there is none.
 * *whole (may be NULL): dpkg calls it installed.  Caller frees. */
char *ep_tools_installed(const EpTools *tools, const char *package, bool *whole, GError **error);

/* Names of the installed packages that match, char *; NULL on failure.  g_ptr_array_unref. */
GPtrArray *ep_tools_list(const EpTools *tools, const char *pattern, GError **error);

/* A package file's own words: name, version and architecture, and how many bytes it takes when it is unpacked. */
typedef struct {
    char *package, *version, *architecture;
    uint64_t size;
} EpToolsDeb;

void ep_tools_deb_clear(EpToolsDeb *deb);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpToolsDeb, ep_tools_deb_clear)

bool ep_tools_read(const EpTools *tools, const char *path, EpToolsDeb *deb, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* This machine's architecture; NULL on failure.  Caller frees. */
char *ep_tools_architecture(const EpTools *tools, GError **error);

/* The package manager's lock; HL_ERROR_UNAVAILABLE names who had it all the time.  -1 on failure; closing it gives the
 * lock up. */
int ep_tools_lock(const EpTools *tools, GError **error);

/* Installs these files (char *) in one go, with the lock held.  before: they are an earlier version, which the
 * packages' own scripts let pass for this one time. */
bool ep_tools_install(const EpTools *tools, const GPtrArray *paths, const char *before,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finishes what a dpkg that was cut off left half done, as far as that goes; with the lock held. */
void ep_tools_mend(const EpTools *tools);

/* The daemon's process, as the service manager knows it; 0: it does not run. */
int64_t ep_tools_daemon(const EpTools *tools);

/* Starts it again, whatever became of it before. */
bool ep_tools_restart_daemon(const EpTools *tools, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
