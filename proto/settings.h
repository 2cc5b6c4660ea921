/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a group, one row each: what an administrator may set and an endpoint obeys.
 *
 * A settings document is the list of key and value of every row, so that an endpoint of another version takes those it
 * knows and keeps its defaults for the rest.  The digest is the SHA-256 of "key=value\n" over all entries sorted by
 * key: both sides compute it over what was sent, so that it proves what is applied. */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

#include "lib/base/clock.h"
#include "lib/base/option.h"
#include "proto/messages.h"

typedef enum { HL_SCAN_CONVENTIONAL, HL_SCAN_SMART } HlScanMethod;
typedef enum { HL_PROGRAM_AUTO, HL_PROGRAM_ROLLOUT } HlProgramUpgrade;
typedef enum { HL_SCAN_REPORT, HL_SCAN_QUARANTINE } HlScanAction;
typedef enum { HL_ON_WRITE_OFF, HL_ON_WRITE_ON } HlOnWrite;
typedef enum { HL_DELIVERY_CHANNEL, HL_DELIVERY_DOCUMENTED } HlDelivery;

typedef struct {
    /* client privileges: what the PC's user may do */
    bool allow_update_now, allow_toggle_schedule, allow_scan, allow_skip_scan, allow_stop;
    /* automatic update */
    char *update_schedule; /* proto/schedule text: off, every 30m, hourly, daily 12:30, weekly mon 12:30 */
    HlTime update_period;  /* start at a random moment within it */
    bool update_on_start, settings_once_a_day;
    HlTime update_on_start_delay;
    char **update_sources; /* in order: server, activeupdate, or a URL */
    char *activeupdate_url;
    bool block_program_upgrade;
    int program_upgrade; /* HlProgramUpgrade */
    char **by_rollout;   /* components that updates leave as they are, and roll-outs of them bring */
    int scan_method;     /* HlScanMethod */
    char *scan_schedule;
    HlTime scan_period; /* like update_period */
    char **scan_paths;
    /* the bounds of every scan, by hand too */
    int scan_on_write;            /* HlOnWrite */
    int scan_action;              /* HlScanAction, of scheduled scans and those by command */
    char **scan_exclude;          /* proto/exclude.h */
    int64_t scan_quarantine_size; /* MiB */
    HlTime scan_quarantine_age;
    int64_t scan_max_size, scan_max_depth; /* MiB; archives in each other */
    HlTime scan_max_time, scan_idle;       /* for one file; until the engine is stopped */
    HlTime heartbeat;
    int64_t direct_port;      /* 0: none */
    char *maintenance_window; /* proto/maintenance.h text; roll-outs keep to it */
    bool independent;
    int delivery;   /* HlDelivery */
    char **brokers; /* host:port, at least two; empty: those of the bundle.  For moving the server. */
} HlSettings;

/* The components that each scan method takes (B19), comma-separated; by HlScanMethod. */
extern const char *const hl_scan_components[];

/* Of those, what an update leaves as it is: all but one, if it is about that alone (NULL: it is not), or else what is
 * left to roll-outs.  Comma-separated; "" for none.  Caller frees. */
char *hl_settings_kept_components(const HlSettings *settings, const char *only);
/* The names of the components that the scan methods take; ends with NULL. */
extern const char *const hl_component_names[];
/* One of these; NULL: there is none of that name.  Static. */
const char *hl_component_find(const char *name);
/* Whether a machine with these settings takes the component. */
bool hl_settings_has_component(const HlSettings *settings, const char *component);

HlOptionTable hl_settings_table(void);

/* What a key stands for where nobody has set it: in the document of an older manager, on a PC that is not enrolled. */
void hl_settings_init(HlSettings *settings);

/* What a new group begins with, which protects; the two differ, so that an upgrade changes no group that exists. */
void hl_settings_init_group(HlSettings *settings);

/* That value of one row of the table, as text. */
const char *hl_settings_of_new_group(const HlOption *row);

void hl_settings_clear(HlSettings *settings);
void hl_settings_copy(HlSettings *to, const HlSettings *from);

/* What an administrator may not change settings to, beyond the checks of each row: sources that no update could use, or
 * that reveal a password, and paths that no scan finds.  Only what differs is judged, and only here: stored settings
 * and those of an older manager are accepted as they are, or an upgrade would stop a server or an endpoint. */
bool hl_settings_check_change(const HlSettings *was, const HlSettings *now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The "key=value" lines of all options, sorted by key: the stored form, and the input of the digest.  Caller frees. */
char *hl_settings_print(const HlSettings *settings);

/* Reads the stored form.  Unknown keys are skipped (they come from a newer version); an invalid value of a known key is
 * an error. */
bool hl_settings_parse(HlSettings *settings, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The entries of the text form as an array for SettingsDocument.settings.  Free with hl_settings_entries_free. */
HlMsgSetting **hl_settings_entries(const char *text, size_t *n);
void hl_settings_entries_free(HlMsgSetting **entries, size_t n);

/* The text form of received entries: sorted, unknown keys included.  Caller frees. */
char *hl_settings_text_of_entries(HlMsgSetting *const *entries, size_t n);

/* SHA-256 of the text form, 32 bytes. */
GBytes *hl_settings_digest(const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlSettings, hl_settings_clear)

#endif
