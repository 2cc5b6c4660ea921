/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a registry, which brings it to this version. */
#include "lib/store/migrate.h"
#include "manager/store/registry.h"

extern const char migration_001_registry[];
extern const char migration_002_displayed[];
extern const char migration_003_names[];
extern const char migration_004_marks[];
extern const char migration_005_enrolment[];
extern const char migration_006_detections[];
extern const char migration_007_quarantine[];
extern const char migration_008_accounts[];
extern const char migration_009_audit[];
extern const char migration_010_passes[];
extern const char migration_011_codes[];
extern const char migration_012_places[];
extern const char migration_013_keys[];
extern const char migration_014_notifications[];
extern const char migration_015_rollouts[];
extern const char migration_016_group_versions[];
extern const char migration_017_authorities[];
extern const char migration_018_once[];
extern const char migration_019_views[];
extern const char migration_020_program[];
extern const char migration_021_certificate_use[];
extern const char migration_022_rollout_component[];
extern const char migration_023_rollout_counts[];
extern const char migration_024_command_in_window[];
extern const char migration_025_trials[];
extern const char migration_026_indexes[];
extern const char migration_027_keys_of_certificates[];
extern const char migration_028_rollout_back[];
extern const char migration_029_mail_replies[];
extern const char migration_030_trend[];
extern const char migration_031_ended_authorities[];

/* In one row of numbers: a new one has the next. */
static const HlMigration migrations[] = {
    { 1, "registry", migration_001_registry },
    { 2, "displayed", migration_002_displayed },
    { 3, "names", migration_003_names },
    { 4, "marks", migration_004_marks },
    { 5, "enrolment", migration_005_enrolment },
    { 6, "detections", migration_006_detections },
    { 7, "quarantine", migration_007_quarantine },
    { 8, "accounts", migration_008_accounts },
    { 9, "audit", migration_009_audit },
    { 10, "passes", migration_010_passes },
    { 11, "codes", migration_011_codes },
    { 12, "places", migration_012_places },
    { 13, "keys", migration_013_keys },
    { 14, "notifications", migration_014_notifications },
    { 15, "rollouts", migration_015_rollouts },
    { 16, "group versions", migration_016_group_versions },
    { 17, "authorities", migration_017_authorities },
    { 18, "once", migration_018_once },
    { 19, "views", migration_019_views },
    { 20, "program", migration_020_program },
    { 21, "use of certificates", migration_021_certificate_use },
    { 22, "component of roll-outs", migration_022_rollout_component },
    { 23, "counts of roll-outs", migration_023_rollout_counts },
    { 24, "commands in windows", migration_024_command_in_window },
    { 25, "trials", migration_025_trials },
    { 26, "indexes", migration_026_indexes },
    { 27, "keys of certificates", migration_027_keys_of_certificates },
    { 28, "roll-outs that were taken back", migration_028_rollout_back },
    { 29, "replies to mail", migration_029_mail_replies },
    { 30, "trend", migration_030_trend },
    { 31, "ends of authorities", migration_031_ended_authorities },
};

int mgr_registry_version(void)
{
    return G_N_ELEMENTS(migrations);
}

HlDb *mgr_registry_make_model(int version, GError **error)
{
    g_autoptr(HlDb) db = hl_db_open("of a new registry", HL_DB_MEMORY, error);

    g_assert(version > 0 && version <= mgr_registry_version());
    if (db == NULL || !hl_migrate(db, migrations, (gsize)version, error))
        return NULL;
    return g_steal_pointer(&db);
}

HlDb *mgr_registry_open(const char *path, GError **error)
{
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, error);

    if (db == NULL || !hl_migrate(db, migrations, G_N_ELEMENTS(migrations), error))
        return NULL;
    return g_steal_pointer(&db);
}
