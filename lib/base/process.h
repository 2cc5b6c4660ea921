/* SPDX-License-Identifier: Apache-2.0 */
/* What this process keeps to itself. */
#ifndef LIB_BASE_PROCESS_H
#define LIB_BASE_PROCESS_H

/* No core dump of this process or of its children, and no debugger but root's: keys and tokens are in their memory.
 * Children that are not ours can be debugged, but are not dumped either.  First act of main. */
void hl_process_keep_secrets(void);

#endif
