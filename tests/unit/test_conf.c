/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/conf: keys that a file gives twice. */
#include <glib/gstdio.h>
#include <string.h>

#include "lib/base/conf.h"
#include "lib/base/said.h"

typedef struct {
    int64_t port;
    bool enabled;
} Sample;

static const HlOption rows[] = {
    { "http.enabled", HL_OPTION_BOOL, offsetof(Sample, enabled), "yes", 0, 0, NULL, "Whether", NULL },
    { "server.port", HL_OPTION_INT, offsetof(Sample, port), "8883", 1, 65535, NULL, "Port", NULL },
};
static const HlOptionAlias earlier[] = { { "http.port", "server.port" }, { NULL, NULL } };
static const HlOptionTable sample = { rows, G_N_ELEMENTS(rows), earlier, NULL };

static void gather(const char *fault, gpointer user)
{
    g_ptr_array_add(user, g_strdup(fault));
}

/* "": the file has none. */
static void expect(const char *text, const char *doubles)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *found = NULL;

    g_assert_cmpuint(hl_conf_doubles("x.conf", text, sample, gather, faults), ==, faults->len);
    for (guint i = 0; i < faults->len; i++) /* up to the remedy, which all have */
        *strstr(g_ptr_array_index(faults, i), " gives it too, and only one of them counts") = '\0';
    g_ptr_array_add(faults, NULL);
    found = g_strjoinv(" | ", (char **)faults->pdata);
    g_assert_cmpstr(found, ==, doubles);
}

static void test_doubles(void)
{
    expect("[server]\nport = 1\n[http]\nenabled = no\n", "");
    expect("[server]\n#port = 1\nport = 2\n", "");
    expect("[a]\nport = 1\n[b]\nport = 1\n", "");
    expect("[server]\nport = 1\n\n port=1\n", "x.conf:4: [server] port: line 2");
    expect("[server]\nport = 1\nport = 2\nport = 3\n",
           "x.conf:3: [server] port: line 2 | x.conf:4: [server] port: line 3");
    expect("[server]\nport = 1\n[http]\nenabled = no\n[server]\nport = 2\n", "x.conf:6: [server] port: line 2");
    expect("[server]\nport = 1\n[http]\nport = 2\n",
           "x.conf:4: [http] port: line 2"); /* one option, by both its names */
    expect("[x]\ny = 1\ny = 2\n", "x.conf:3: [x] y: line 2");
}

/* What is wrong with a value keeps its code behind the place in the file: who reads it in another language is told in
 * that. */
static void test_said(void)
{
    static const char text[] = "[server]\nport = none\n";
    g_autoptr(GError) error = NULL;
    Sample values = { 0 };

    g_assert_false(hl_conf_parse("x.conf", text, strlen(text), sample, &values, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_true(g_str_has_prefix(error->message, "x.conf:2: [server] port: server.port: 'none' is not valid; "));
    g_assert_nonnull(hl_error_sentence(error));
    g_assert_cmpstr(hl_error_argument(error, "prefix"), ==, "x.conf:2: [server] port");
    g_assert_cmpstr(hl_error_argument(error, "value"), ==, "none");
}

/* A daemon starts with such a file, as it always has, and says so. */
static void test_start(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    Sample values = { 0 };
    int file = g_file_open_tmp("conf-XXXXXX", &path, NULL);

    g_close(file, NULL);
    g_assert_true(g_file_set_contents(path, "[server]\nport = 1\nport = 2\n", -1, NULL));
    if (g_test_subprocess()) {
        g_assert_true(hl_conf_load(path, sample, &values, &error));
        g_assert_cmpint(values.port, ==, 2);
        g_assert_false(hl_conf_check_print(path, sample, &values, (HlConfRules){ 0 }, &error));
        g_printerr("%s\n", error->message);
        g_remove(path);
        return;
    }
    g_remove(path);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*warn*:3: ?server? port: line 2 gives it too*1 fault in *a daemon starts with it, but "
                              "perhaps not with the value that was meant*");
    g_test_trap_assert_stdout("*:3: ?server? port: line 2 gives it too*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf/doubles", test_doubles);
    g_test_add_func("/conf/said", test_said);
    g_test_add_func("/conf/doubles/start", test_start);
    return g_test_run();
}
