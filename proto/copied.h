/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that texts of all components name, for people to copy. */
#ifndef PROTO_COPIED_H
#define PROTO_COPIED_H

#include "lib/base/table.h"

extern const HlCopied hl_copied;

#endif
