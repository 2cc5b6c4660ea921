/* SPDX-License-Identifier: Apache-2.0 */
/* The settings in force: values, where they came from, and their row in the store.
 *
 * Not their intake: what may become settings is decided in intake.h.  Exists whether the machine is enrolled or not;
 * the defaults are in force while nothing was applied.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_SETTINGS_H
#define ENDPOINT_DAEMON_WORK_SETTINGS_H

#include "endpoint/core/privilege.h"
#include "lib/store/db.h"
#include "proto/settings.h"

typedef struct EpSettings EpSettings;

/* Which document the values are from; all zero for the defaults. */
typedef struct {
    bool applied;
    char *group;
    uint64_t version, counter;
    GBytes *digest;
    char *path; /* by which it came first: "channel", "bundle", or an occasion in the manager's words */
    HlTime at;  /* wall */
} EpSettingsOrigin;

void ep_settings_origin_clear(EpSettingsOrigin *origin);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpSettingsOrigin, ep_settings_origin_clear)

typedef struct {
    HlDb *db;                       /* borrowed */
    void (*changed)(gpointer user); /* other values are in force; may be NULL */
    gpointer user;
} EpSettingsOptions;

/* What the store holds.  NULL on failure: settings that cannot be read are not replaced by defaults, which might allow
 * what the administrator does not. */
EpSettings *ep_settings_new(const EpSettingsOptions *options, GError **error);
void ep_settings_free(EpSettings *settings);

/* Borrowed until the next change. */
const HlSettings *ep_settings_values(const EpSettings *settings);
const EpSettingsOrigin *ep_settings_origin(const EpSettings *settings);
EpPrivileges ep_settings_privileges(const EpSettings *settings);

/* The values, as rows, that say what a scanner looks at and what it does with it: another text, another scan.  Caller
 * frees. */
char *ep_settings_scan_text(const EpSettings *settings);

/* The wire form of an applied origin; all parts borrowed. */
HlMsgAppliedSettings ep_settings_wire(const EpSettingsOrigin *origin);

/* A change has two halves, so that it is in force only once it is stored: write inside the caller's transaction, then,
 * after its commit, adopt, which consumes both arguments and says that settings changed. */
bool ep_settings_write(EpSettings *settings, const EpSettingsOrigin *origin, const char *text,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ep_settings_adopt(EpSettings *settings, EpSettingsOrigin *origin, HlSettings *values);

/* The same for the path alone, which changes no value. */
bool ep_settings_write_path(EpSettings *settings, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ep_settings_adopt_path(EpSettings *settings, const char *path);

/* Back to the defaults, in memory: the enrolment that they came with is over. */
void ep_settings_reset(EpSettings *settings);

#endif
