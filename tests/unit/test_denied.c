/* SPDX-License-Identifier: Apache-2.0 */
/* What is said at a start that was refused something: the remedy is that of what was refused. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/http/listener.h"
#include "manager/console/identity.h"
#include "manager/site/owners.h"

static const char *denied; /* access refuses what is or lies below it */
static uid_t user;         /* 0: as it is */

int __wrap_access(const char *path, int how);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
uid_t __wrap_geteuid(void);
uid_t __real_geteuid(void);

int __wrap_access(const char *path, int how G_GNUC_UNUSED)
{
    errno = EACCES;
    return denied != NULL && g_str_has_prefix(path, denied) ? -1 : 0;
}

int __wrap_bind(int fd G_GNUC_UNUSED, const struct sockaddr *address G_GNUC_UNUSED, socklen_t size G_GNUC_UNUSED)
{
    errno = EACCES;
    return -1;
}

uid_t __wrap_geteuid(void)
{
    return user != 0 ? user : __real_geteuid();
}

static void test_port(void)
{
    static const struct {
        uint16_t port;
        bool is_low;
    } rows[] = { { 443, true }, { 1023, true }, { 1024, false }, { 8843, false } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        uint16_t bound;

        g_assert_cmpint(hl_listen("127.0.0.1", rows[i].port, &bound, &error), ==, -1);
        g_assert_error(error, HL_ERROR, HL_ERROR_DENIED);
        g_test_message("%s", error->message);
        g_assert_cmpint(strstr(error->message, "CAP_NET_BIND_SERVICE") != NULL, ==, rows[i].is_low);
    }
}

static void test_console(void)
{
    static const struct {
        const char *denied, *expected;
    } rows[] = {
        { NULL, NULL },
        { "/elsewhere", NULL },
        { "/etc/con/c.key", "chown joe: /etc/con/c.key" },
        { "/etc/con/c.", "chown joe: /etc/con/c.pem /etc/con/c.key" },
        { "/etc/con/console.conf", "chown joe: /etc/con/console.conf" },
        { "/tls", "chown joe: /tls/web.key" },
        { "/etc/con", "chown -R joe: /etc/con" },
    };
    const ConConf conf = { .ca = hl_unconst("ca.pem"),
                           .certificate = hl_unconst("c.pem"),
                           .key = hl_unconst("c.key"),
                           .https_certificate = hl_unconst(""),
                           .https_key = hl_unconst("/tls/web.key") };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = NULL;

        denied = rows[i].denied;
        found = con_identity_chown(&conf, "/etc/con/console.conf", "joe");
        denied = NULL;
        g_assert_cmpstr(found, ==, rows[i].expected);
    }
    denied = "/etc/con/console.conf";
    {
        g_autofree char *found = con_identity_chown(&(ConConf){ 0 }, denied, "joe"); /* nothing of it was read */

        g_assert_cmpstr(found, ==, "chown joe: /etc/con/console.conf");
    }
    denied = NULL;
}

static void expect_remedy(const char *site, const char *expected)
{
    g_autofree char *remedy = mgr_site_start_remedy(site);

    g_test_message("%s", remedy != NULL ? remedy : "none");
    g_assert_cmpint(remedy != NULL, ==, expected != NULL);
    g_assert_true(expected == NULL || strstr(remedy, expected) != NULL);
}

static void test_site(void)
{
    g_autofree char *site = g_dir_make_tmp("hl-denied-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(site, "manager.conf", NULL);

    g_assert_true(hl_file_write_text(file, "", 0600, NULL));
    expect_remedy(site, NULL); /* no file was refused: a port, say */
    g_assert_cmpint(chmod(file, 0), ==, 0);
    expect_remedy(site, "'holdline check ");
    user = 1234;
    expect_remedy(site, ", and this runs as 1234: these have to be the same user");
    user = 0;
    g_assert_true(hl_tree_remove(site, NULL));
    expect_remedy(site, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/denied/port", test_port);
    g_test_add_func("/denied/console", test_console);
    g_test_add_func("/denied/site", test_site);
    return g_test_run();
}
