/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/copied.h"

static const char *const quoted[] = { "'holdline", "'systemctl ", "'journalctl ", NULL };
static const char *const bare[] = { "holdline-updater repo ", "systemctl ", "journalctl ", "chmod ", NULL };

const HlCopied hl_copied = { quoted, bare, "holdline" };
