/* Reports: taken in order, committed, folded, acknowledged - in this order, so that an acknowledged report is on disk
 * and a report that is not on disk is sent again. */
#ifndef MANAGER_DAEMON_REPORT_H
#define MANAGER_DAEMON_REPORT_H

#include "manager/daemon/manager.h"

void mgr_report_handle(Manager *manager, MgrEndpoint *endpoint, const HlMsgReport *report);

/* Sends the acknowledgements that are due. */
void mgr_report_flush_acks(Manager *manager);

/* Acknowledges what is committed, or tells a known session (fence); 0 for none. */
void mgr_report_ack(Manager *manager, const MgrEndpoint *endpoint, uint64_t fence_session);

/* Asks the start of the program with this boot id to stay away for a while: its identity is used twice. */
void mgr_report_hold_off(Manager *manager, const MgrEndpoint *endpoint, const char *boot_id, HlTime hold_off);

#endif
