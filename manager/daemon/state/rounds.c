/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/rounds.h"

#include "lib/base/ident.h"
#include "manager/core/patrol.h"
#include "manager/daemon/ground/revoked.h"

#define STEP_MS    500 /* a visit keeps its place for ten seconds: 20 of the 32 that are for names nobody waits for */
#define LOOK_EVERY HL_HOUR /* at all certificates, for those that ended; and when somebody is shut out */

struct MgrRounds {
    const MgrFleet *fleet;
    MgrPki *pki;
    const MgrDown *down;
    MgrPatrol *patrol;
    guint timer;
    HlTime looked_mono; /* 0: not yet */
    uint64_t shut_out;  /* by then */
};

static void give(const char *name, bool is_endpoint, gpointer user)
{
    mgr_patrol_give(user, name, !is_endpoint, hl_clock_mono(), hl_random_u64());
}

/* Grows when somebody is. */
static uint64_t shut_out(const MgrFleet *fleet)
{
    return fleet->revocations + fleet->disablings;
}

static void look(MgrRounds *rounds)
{
    rounds->looked_mono = hl_clock_mono();
    rounds->shut_out = shut_out(rounds->fleet);
    mgr_patrol_begin(rounds->patrol);
    mgr_revoked_each(rounds->fleet, give, rounds->patrol);
    mgr_disabled_each(rounds->fleet, give, rounds->patrol);
    mgr_patrol_end(rounds->patrol);
}

static bool is_look_due(const MgrRounds *rounds)
{
    return rounds->looked_mono == 0 || rounds->shut_out != shut_out(rounds->fleet) ||
           hl_clock_mono() - rounds->looked_mono >= LOOK_EVERY;
}

static gboolean on_step(gpointer user)
{
    MgrRounds *rounds = user;
    const char *name;

    if (mgr_pki_list(rounds->pki) == MGR_LIST_ENFORCED || !mgr_down_is_up(rounds->down))
        return G_SOURCE_CONTINUE;
    if (is_look_due(rounds))
        look(rounds);
    name = mgr_patrol_next(rounds->patrol, hl_clock_mono(), hl_random_u64());
    if (name != NULL && (mgr_revoked_is(rounds->fleet, name) || /* it may have ended, or been given another one */
                         mgr_disabled_is(rounds->fleet, name)))
        mgr_pki_evict(rounds->pki, name);
    return G_SOURCE_CONTINUE;
}

MgrRounds *mgr_rounds_new(const MgrFleet *fleet, MgrPki *pki, const MgrDown *down)
{
    MgrRounds *rounds = g_new0(MgrRounds, 1);

    *rounds = (MgrRounds){ .fleet = fleet, .pki = pki, .down = down, .patrol = mgr_patrol_new() };
    rounds->timer = g_timeout_add(STEP_MS, on_step, rounds);
    return rounds;
}

void mgr_rounds_free(MgrRounds *rounds)
{
    if (rounds == NULL)
        return;
    g_clear_handle_id(&rounds->timer, g_source_remove);
    mgr_patrol_free(rounds->patrol);
    g_free(rounds);
}
