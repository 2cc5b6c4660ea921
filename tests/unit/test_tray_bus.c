/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray: what is pure of the part that talks: the menu on the bus, texts, what a scan ended with, answers. */
#include <string.h>

#include "endpoint/tray/call.h"
#include "endpoint/tray/dbusmenu.h"
#include "endpoint/tray/item.h"
#include "endpoint/tray/scan.h"
#include "lib/base/unconst.h"
#include "proto/wire.h"

static const char *const all[] = { NULL };

/* --------------------------------------------------------------------------------------------------------- the menu */

static GPtrArray *entries_of(const TrEntry *entries, gsize n)
{
    GPtrArray *list = g_ptr_array_new();

    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(list, hl_unconst(&entries[i]));
    return list;
}

static char *printed(GVariant *floating)
{
    g_autoptr(GVariant) value = g_variant_ref_sink(floating);

    return g_variant_print(value, FALSE);
}

static void test_layout(void)
{
    const TrEntry entries[] = {
        { TR_DO_STATUS, false, false, (char *)"Connected" },
        { TR_DO_SEPARATOR_1, true, true, (char *)"" },
        { TR_DO_UPDATE_NOW, false, true, (char *)"今すぐアップデート" },
    };
    g_autoptr(GPtrArray) list = entries_of(entries, G_N_ELEMENTS(entries));
    g_autofree char *layout = printed(tr_dbusmenu_layout(list, true, all));
    g_autofree char *root = printed(tr_dbusmenu_layout(list, false, all));

    g_assert_true(g_str_has_prefix(
        layout, "(0, {'children-display': <'submenu'>}, ["
                "<(1, {'label': <'Connected'>, 'enabled': <false>, 'visible': <true>}, @av [])>, "
                "<(11, {'type': <'separator'>, 'visible': <true>}, @av [])>, "
                "<(2, {'label': <'今すぐアップデート'>, 'enabled': <true>, 'visible': <true>}, @av [])>, "
                "<(3, {'visible': <false>}, @av [])>, "));
    g_assert_nonnull(strstr(layout, "<(12, {'type': <'separator'>, 'visible': <false>}, @av [])>"));
    g_assert_cmpstr(root, ==, "(0, {'children-display': <'submenu'>}, [])");
}

static void test_each_entry_has_one_place(void)
{
    guint seen[TR_N_DOS] = { 0 };
    guint place = 0;

    for (; tr_menu_at(place) != TR_DO_NOTHING; place++)
        seen[tr_menu_at(place)]++;
    g_assert_cmpuint(place, ==, TR_N_DOS - 1);
    for (guint what = TR_DO_NOTHING + 1; what < TR_N_DOS; what++)
        g_assert_cmpuint(seen[what], ==, 1);
}

static void test_wanted_properties(void)
{
    static const char *const label[] = { "label", "icon-name", NULL };
    const TrEntry entry = { TR_DO_QUIT, false, true, (char *)"Quit" };
    g_autofree char *some = printed(tr_dbusmenu_properties(TR_DO_QUIT, &entry, label));
    g_autofree char *none = printed(tr_dbusmenu_properties(TR_DO_QUIT, NULL, label));

    g_assert_cmpstr(some, ==, "{'label': <'Quit'>}");
    g_assert_cmpstr(none, ==, "{}");
}

static void test_underscores_are_seen(void)
{
    static const struct {
        const char *text, *label;
    } rows[] = { { "a_b", "a__b" }, { "__", "____" }, { "_", "__" }, { "", "" }, { "100 % <b>", "100 % <b>" } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const TrEntry entry = { TR_DO_STATUS, false, false, hl_unconst(rows[i].text) };
        g_autoptr(GVariant) properties = g_variant_ref_sink(tr_dbusmenu_properties(TR_DO_STATUS, &entry, NULL));
        const char *label = NULL;

        g_assert_true(g_variant_lookup(properties, "label", "&s", &label));
        g_assert_cmpstr(label, ==, rows[i].label);
    }
}

static void test_tool_tip_without_markup(void)
{
    g_autofree char *plain = tr_item_plain("<b>R&D</b> ウイルス\n&lt;");

    g_assert_cmpstr(plain, ==, "‹b›R＆D‹/b› ウイルス\n＆lt;");
}

/* --------------------------------------------------------------------------------------------------------- scans */

static void test_scan_words(void)
{
    static const struct {
        int status;
        const char *output, *words;
    } rows[] = {
        { 0, "{\"files\": 1, \"found\": 0, \"not_looked_at\": 0}", "Nothing was found; 1 file was scanned." },
        { 0, "{\"files\": 7, \"found\": 0, \"not_looked_at\": 0}", "Nothing was found; 7 files were scanned." },
        { 9, "{\"files\": 7, \"found\": 0, \"not_looked_at\": 2}",
          "Nothing was found; 7 files were scanned.\n2 paths were not looked at." },
        { 1,
          "{\"files\": 2, \"found\": 1, \"not_looked_at\": 1, \"detections\": [{\"path\": \"/a\", \"signature\": "
          "\"S\"}]}",
          "1 infected file was found: S\n/a\n1 path was not looked at." },
        { 1, "{\"files\": 9, \"found\": 3, \"detections\": [{\"path\": \"/a\", \"signature\": \"S\"}]}",
          "3 infected files were found, the first: S\n/a" },
        { 1, "{\"files\": 9, \"found\": 3, \"detections\": [7]}", "3 infected files were found, the first: -\n-" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        HlChildEnd end = { .exited = true, .status = rows[i].status, .output = rows[i].output, .errors = "" };
        g_autoptr(GError) error = NULL;
        g_autofree char *words = tr_scan_words(&end, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(words, ==, rows[i].words);
    }
}

static void test_scan_that_was_not_done(void)
{
    static const struct {
        HlChildEnd end;
        HlErrorCode code;
        const char *words;
    } rows[] = {
        { { .exited = true,
            .status = 6,
            .output = "{\"files\": 0, \"found\": 0}",
            .errors = "holdline-endpoint: users may not scan\n" },
          HL_ERROR_DENIED,
          "users may not scan" },
        { { .exited = true,
            .status = 1,
            .output = "{\"files\": 0, \"found\": 0}",
            .errors = "holdline-endpoint: no\n" },
          HL_ERROR_FAILED,
          "no" },
        { { .exited = true, .status = 0, .output = "cut", .errors = "" },
          HL_ERROR_FAILED,
          "the scan ended without saying why" },
        { { .exited = false, .status = 9, .output = "", .errors = "" },
          HL_ERROR_FAILED,
          "the scan ended without saying why" },
        { { .exited = false, .status = 15, .timed_out = true, .output = "", .errors = "" },
          HL_ERROR_TIMEOUT,
          "the scan took too long and was ended" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(tr_scan_words(&rows[i].end, &error));
        g_assert_error(error, HL_ERROR, (int)rows[i].code);
        g_assert_cmpstr(error->message, ==, rows[i].words);
    }
}

/* ------------------------------------------------------------------------------------------------------- answers */

static GBytes *answer(const char *code, const char *message, bool more, const char *json)
{
    HlMsgCallReply reply = HOLDLINE__V1__CALL_REPLY__INIT;

    reply.code = hl_unconst(code);
    reply.message = hl_unconst(message);
    reply.more = more;
    reply.json = hl_unconst(json);
    return HL_WIRE_ENCODE(&reply);
}

static void test_answers(void)
{
    g_autoptr(GBytes) progress = answer("", "", true, "{\"percent\": 40}");
    g_autoptr(GBytes) last = answer("", "now at 3", false, "");
    g_auto(TrReply) reply = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(tr_reply_parse(&reply, progress, &error));
    g_assert_true(reply.more);
    g_assert_cmpint(json_integer_value(json_object_get(reply.result, "percent")), ==, 40);
    tr_reply_clear(&reply);
    g_assert_true(tr_reply_parse(&reply, last, &error));
    g_assert_false(reply.more);
    g_assert_null(reply.result);
    g_assert_cmpstr(reply.message, ==, "now at 3");
}

static void test_answers_that_are_none(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(GBytes) refusal = answer("denied", "users may not", false, "");
    g_autoptr(GBytes) garbage = g_bytes_new_static("\xff\xff\xff", 3);
    g_autoptr(GBytes) broken = answer("", "", true, "{");
    g_autoptr(GBytes) nested = NULL;
    GBytes *frames[4] = { refusal, garbage, broken, NULL };
    const HlErrorCode codes[4] = { HL_ERROR_DENIED, HL_ERROR_INVALID, HL_ERROR_INVALID, HL_ERROR_INVALID };

    for (int i = 0; i < HL_JSON_DEPTH + 1; i++)
        g_string_append_c(deep, '[');
    frames[3] = nested = answer("", "", true, deep->str);
    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_auto(TrReply) reply = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_false(tr_reply_parse(&reply, frames[i], &error));
        g_assert_error(error, HL_ERROR, (int)codes[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray/menu/layout", test_layout);
    g_test_add_func("/tray/menu/places", test_each_entry_has_one_place);
    g_test_add_func("/tray/menu/wanted-properties", test_wanted_properties);
    g_test_add_func("/tray/menu/underscores", test_underscores_are_seen);
    g_test_add_func("/tray/tool-tip", test_tool_tip_without_markup);
    g_test_add_func("/tray/scan/words", test_scan_words);
    g_test_add_func("/tray/scan/not-done", test_scan_that_was_not_done);
    g_test_add_func("/tray/answers", test_answers);
    g_test_add_func("/tray/answers/none", test_answers_that_are_none);
    return g_test_run();
}
