/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/health.h"

/* Too little for the registry's next writes: a hundredth of the disk, of a large one 64 MiB. */
#define DISK_SHARE 100
#define DISK_MOST  (UINT64_C(64) * 1024 * 1024)

#define SHORT_SHARE 20
#define SHORT_MOST  (UINT64_C(1024) * 1024 * 1024)

bool mgr_disk_is_short(uint64_t free, uint64_t size)
{
    return size > 0 && free < MIN(size / SHORT_SHARE, SHORT_MOST);
}

static bool is_full(uint64_t free, uint64_t size)
{
    return size > 0 && free < MIN(size / DISK_SHARE, DISK_MOST);
}

char *mgr_disk_describe(uint64_t free, uint64_t size, const char *unwritten)
{
    if (is_full(free, size))
        return g_strdup("The disk of the site is full: nothing can be stored; make room, it goes on by itself.");
    if (unwritten != NULL)
        return g_strdup_printf("Nothing can be stored: %s; once that is mended it goes on by itself", unwritten);
    return mgr_disk_is_short(free, size) ? g_strdup("The disk of the site is nearly full: make room before nothing can "
                                                    "be stored; 'holdline doctor' says how much is left.")
                                         : NULL;
}

static bool is_broker_away(const MgrHealth *health)
{
    return !health->broker_up;
}

static bool is_refused(const MgrHealth *health)
{
    return health->broker_refused != NULL;
}

static bool is_disk_full(const MgrHealth *health)
{
    return is_full(health->disk_free, health->disk_size);
}

static bool is_unwritten(const MgrHealth *health)
{
    return health->unwritten != NULL;
}

static bool is_repository_incomplete(const MgrHealth *health)
{
    return health->repository_problem != NULL;
}

static bool is_repository_ended(const MgrHealth *health)
{
    return health->repository == MGR_SIGNATURE_EXPIRED;
}

static bool has_role_ended(const MgrHealth *health)
{
    return health->roles_ended != NULL;
}

static bool is_repository_ageing(const MgrHealth *health)
{
    return health->repository == MGR_SIGNATURE_AGEING;
}

static bool is_repository_ahead(const MgrHealth *health)
{
    return health->repository == MGR_SIGNATURE_AHEAD;
}

typedef struct {
    bool (*holds)(const MgrHealth *health);
    bool is_warning; /* it works still */
    const char *text;
} Row;

static const Row rows[] = {
    { is_broker_away, false, "no broker: every status is as last known; the manager's log says why" },
    { is_refused, false, "the broker refuses the manager a subscription" },
    { is_disk_full, false, "the disk of the site is full: nothing can be stored; make room, it goes on by itself" },
    { is_unwritten, false, "nothing can be stored in the registry" },
    { is_repository_incomplete, false, "files of the pattern repository are missing" },
    { is_repository_ended, false,
      "the pattern repository's timestamp expired, and endpoints refuse it: 'holdline status' has the remedy" },
    { has_role_ended, false, "a role of the pattern repository has ended, and endpoints refuse it" },
    { is_repository_ageing, true,
      "the pattern repository's timestamp was not renewed and will expire: see 'holdline status'" },
    { is_repository_ahead, true,
      "the pattern repository's timestamp was signed ahead of time and will expire: see 'holdline status'" },
};

bool mgr_health_is_well(const MgrHealth *health)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!rows[i].is_warning && rows[i].holds(health))
            return false;
    return true;
}

char *mgr_health_describe(const MgrHealth *health)
{
    GString *out = g_string_new(mgr_health_is_well(health) ? "ok\n" : "not healthy\n");
    g_autofree char *end = hl_time_format(health->repository_end);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].holds(health))
            g_string_append_printf(out, "%s%s\n", rows[i].is_warning ? "warning: " : "", rows[i].text);
    if (health->broker_refused != NULL)
        g_string_append_printf(out, "%s\n", health->broker_refused);
    if (health->unwritten != NULL)
        g_string_append_printf(out, "%s\n", health->unwritten);
    if (health->repository_problem != NULL)
        g_string_append_printf(out, "%s\n", health->repository_problem);
    if (health->roles_ended != NULL)
        g_string_append_printf(out, "%s\n", health->roles_ended);
    if (health->repository >= MGR_SIGNATURE_AGEING)
        g_string_append_printf(out, "the repository's timestamp ends %s\n", end);
    return g_string_free(out, FALSE);
}
