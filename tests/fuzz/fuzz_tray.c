/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that the daemon tells its watchers, one a line: whatever they say, each text of a view is short and
 * printable, and so is what is made of it: a status of one line, a menu of bounded length, few notices. */
#include <string.h>

#include "endpoint/tray/face.h"
#include "endpoint/tray/notices.h"
#include "lib/base/text.h"
#include "tests/fuzz/fuzz.h"

#define NOW      (1795750260 * HL_SECOND)
#define MAX_TIP  (10 * TR_MAX_TEXT)
#define MAX_COST 100000

static void check_text(const char *text, gsize max)
{
    g_assert_nonnull(text);
    g_assert_cmpuint(strlen(text), <=, max);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        g_assert_true(*at == '\n' || !hl_char_is_deceptive(g_utf8_get_char(at)));
}

static void check_view(const TrView *view)
{
    const char *const texts[] = {
        view->patterns,         view->update.what, view->update.trigger, view->last_update.trigger,
        view->problem,          view->schedule,    view->last_scan.how,  view->last_update.detail,
        view->last_scan.end,    view->finds.path,  view->finds.action,   view->finds.signature,
        view->last_scan.detail,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        check_text(texts[i], TR_MAX_TEXT);
        g_assert_null(strchr(texts[i], '\n'));
    }
    g_assert_cmpuint(view->update.percent, <=, 100);
}

static void check_face(const TrView *view)
{
    g_auto(TrFace) face = { 0 };
    g_autoptr(GPtrArray) menu = NULL;

    tr_face_make(&face, view, NOW);
    check_text(face.status, TR_MAX_TEXT);
    check_text(face.tooltip, MAX_TIP);
    g_assert_true(face.change == 0 || face.change > NOW);
    menu = tr_menu_make(view, face.status);
    g_assert_cmpuint(menu->len, <=, TR_N_DOS);
}

static void check_notices(TrNotices *notices, const TrView *view, HlTime now)
{
    guint n = 0;

    tr_notices_view(notices, view, now);
    for (TrNotice *notice; (notice = tr_notices_take(notices, now)) != NULL; n++) {
        check_text(notice->title, TR_MAX_TEXT);
        check_text(notice->body, MAX_TIP);
        tr_notice_free(notice);
    }
    g_assert_cmpuint(n, <=, TR_N_NOTICES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 8);
    g_autoptr(TrNotices) notices = tr_notices_new();

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(TrView) view = { 0 };
        g_autoptr(json_t) document = hl_json_parse_bounded("view", lines[i], strlen(lines[i]), MAX_COST, NULL);
        bool is_view = document != NULL && tr_view_parse(&view, document, NULL);

        g_assert_true(is_view == json_is_object(document));
        if (is_view)
            check_view(&view);
        check_face(&view);
        check_notices(notices, &view, NOW + i * HL_SECOND);
    }
    return 0;
}
