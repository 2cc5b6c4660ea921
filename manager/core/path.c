/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/path.h"

#include <glib.h>
#include <string.h>

static const char *const names[MGR_PATH_N] = {
    [MGR_PATH_NONE] = "none",
    [MGR_PATH_CHANNEL] = "channel",
    [MGR_PATH_DIRECT] = "direct",
    [MGR_PATH_UPDATE_NOTIFICATION] = "update-notification",
    [MGR_PATH_POLL] = "poll",
    [MGR_PATH_BUNDLE] = "bundle",
    [MGR_PATH_REGISTRATION] = "registration",
};

/* Delivery by channel: everything goes down the line, and a bundle carries what it can.  The other occasions arise on
 * that same line, so they add nothing.  Delivery as documented: settings by the dial (B6), with the update notification
 * (B4), at poll (B13), in a bundle (B5); commands by the dial, and at the occasions of B9.  A heartbeat carries nothing
 * (B13), nor does a log (B8). */
static const MgrPath paths[MGR_BY_N][MGR_OCCASION_N][MGR_WORK_N] = {
    [MGR_BY_CHANNEL] = {
        [MGR_OCCASION_LINE] = { MGR_PATH_CHANNEL, MGR_PATH_CHANNEL },
        [MGR_OCCASION_BUNDLE] = { MGR_PATH_BUNDLE, MGR_PATH_NONE },
    },
    [MGR_BY_DOCUMENT] = {
        [MGR_OCCASION_DIAL] = { MGR_PATH_DIRECT, MGR_PATH_DIRECT },
        [MGR_OCCASION_ANNOUNCED] = { MGR_PATH_NONE, MGR_PATH_REGISTRATION },
        [MGR_OCCASION_UPDATED] = { MGR_PATH_UPDATE_NOTIFICATION, MGR_PATH_UPDATE_NOTIFICATION },
        [MGR_OCCASION_POLL] = { MGR_PATH_POLL, MGR_PATH_POLL },
        [MGR_OCCASION_BUNDLE] = { MGR_PATH_BUNDLE, MGR_PATH_NONE },
    },
};

const char *mgr_path_name(MgrPath path)
{
    g_assert((unsigned)path < MGR_PATH_N);
    return names[path];
}

MgrPath mgr_path_for(const MgrRecipient *recipient, MgrWork work, MgrOccasion occasion)
{
    g_assert((unsigned)recipient->by < MGR_BY_N && (unsigned)work < MGR_WORK_N && (unsigned)occasion < MGR_OCCASION_N);
    if (occasion == MGR_OCCASION_BUNDLE) /* nobody is independent before it is installed */
        return paths[recipient->by][occasion][work];
    if (recipient->independent) /* B14 */
        return MGR_PATH_NONE;
    if (occasion == MGR_OCCASION_DIAL && recipient->in_unreachable_net) /* B13: no longer notified */
        return MGR_PATH_NONE;
    if (occasion == MGR_OCCASION_POLL && !recipient->in_unreachable_net) /* only those in a range poll */
        return MGR_PATH_NONE;
    if (occasion == MGR_OCCASION_UPDATED && work == MGR_WORK_SETTINGS && recipient->had_today) /* B18 */
        return MGR_PATH_NONE;
    return paths[recipient->by][occasion][work];
}

bool mgr_path_wants_dial(const MgrRecipient *recipient)
{
    return recipient->by == MGR_BY_DOCUMENT && !recipient->in_unreachable_net && !recipient->independent;
}
