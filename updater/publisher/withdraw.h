/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawing a bad release: the content before it is staged again, under a higher version, because versions only
 * rise. */
#ifndef UPDATER_PUBLISHER_WITHDRAW_H
#define UPDATER_PUBLISHER_WITHDRAW_H

#include "updater/publisher/stage.h"

typedef struct {
    gint64 bad, good; /* the versions: withdrawn, and whose content comes back */
    UpdStaged staged;
} UpdWithdrawal;

/* Stages the content of a release of the history again. */
bool upd_withdraw_stage(const UpdRepo *repo, const UpdState *state, const char *component, const json_t *release,
                        UpdStaged *staged, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stages it.  HL_ERROR_NOT_FOUND when the history has no content before the one in force; content that was withdrawn
 * earlier does not count, so that withdrawing twice goes two steps back. */
bool upd_withdraw(const UpdRepo *repo, const UpdState *state, const char *component, UpdWithdrawal *withdrawal,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
