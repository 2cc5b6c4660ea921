/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/place.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "proto/server.h"
#include "proto/wire.h"

static const char *const roles[EP_PLACE_N] = {
    [EP_PLACE_IN_FORCE] = "in-force", [EP_PLACE_OFFERED] = "offered", [EP_PLACE_PREVIOUS] = "previous"
};

enum { ROLE, DOCUMENT, TRIES, DETAIL, AT };

void ep_place_clear(EpPlace *place)
{
    g_clear_pointer(&place->document, hl_wire_free);
    g_clear_pointer(&place->digest, g_bytes_unref);
    g_free(place->detail);
    memset(place, 0, sizeof *place);
}

void ep_place_set(EpPlace *place, HlMsgServerDocument *document, HlTime at)
{
    ep_place_clear(place);
    *place = (EpPlace){ .document = document, .digest = hl_server_digest(document), .detail = g_strdup(""), .at = at };
}

static bool on_row(HlStmt *row, gpointer user)
{
    EpPlace *places = user;
    g_autoptr(GBytes) blob = hl_stmt_blob(row, DOCUMENT);
    g_autoptr(GError) error = NULL;
    HlMsgServerDocument *document;

    for (EpPlaceRole role = 0; role < EP_PLACE_N; role++) {
        if (strcmp(roles[role], hl_stmt_text(row, ROLE)) != 0)
            continue;
        document = hl_wire_decode_bytes(&holdline__v1__server_document__descriptor, blob, &error);
        if (document == NULL) {
            hl_error("server", "the stored place of the server (%s) cannot be read: %s", roles[role], error->message);
            continue;
        }
        ep_place_set(&places[role], document, hl_stmt_int(row, AT));
        places[role].tries = (uint32_t)CLAMP(hl_stmt_int(row, TRIES), 0, G_MAXUINT32);
        g_free(places[role].detail);
        places[role].detail = g_strdup(hl_stmt_text(row, DETAIL));
    }
    return true;
}

bool ep_place_load(EpPlace places[EP_PLACE_N], HlDb *db, GError **error)
{
    return hl_db_query(db, on_row, places, error, "SELECT role, document, tries, detail, at_ms FROM server", "");
}

bool ep_place_store(const EpPlace *place, EpPlaceRole role, HlDb *db, GError **error)
{
    g_autoptr(GBytes) packed = NULL;

    if (place->document == NULL)
        return hl_db_run(db, NULL, error, "DELETE FROM server WHERE role = ?", "t", roles[role]);
    packed = HL_WIRE_ENCODE(place->document);
    return hl_db_run(db, NULL, error,
                     "INSERT OR REPLACE INTO server (role, document, tries, detail, at_ms) VALUES (?, ?, ?, ?, ?)",
                     "tbiti", roles[role], packed, (int64_t)place->tries, place->detail, place->at);
}
