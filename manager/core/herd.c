/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/herd.h"

HlTime mgr_herd_window(guint endpoints, HlTime most)
{
    return MIN(MAX((HlTime)endpoints * MGR_HERD_EACH, MGR_HERD_LEAST), most);
}
