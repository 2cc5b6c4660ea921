/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/broker.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"

gboolean test_tick(gpointer user G_GNUC_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

void test_run_for(HlTime duration)
{
    HlTime end = hl_clock_mono() + duration;

    WAIT_UNTIL(hl_clock_mono() >= end);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (
        struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

uint16_t test_port(void)
{
    struct sockaddr_in name = loopback(0);
    socklen_t size = sizeof name;
    hl_autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&name, &size), ==, 0);
    return ntohs(name.sin_port);
}

int test_listen_silently(char **address)
{
    struct sockaddr_in name = loopback(0);
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&name, &size), ==, 0);
    *address = g_strdup_printf("127.0.0.1:%u", ntohs(name.sin_port));
    return fd;
}

bool test_port_is_taken(uint16_t port)
{
    struct sockaddr_in name = loopback(port);
    hl_autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return connect(fd, (struct sockaddr *)&name, sizeof name) == 0;
}

char *test_broker_path(const TestBroker *broker, const char *name)
{
    return g_build_filename(broker->directory, name, NULL);
}

void test_broker_issue_as(const TestBroker *broker, const HlCertSpec *spec)
{
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", broker->directory, spec->cn);
    g_autofree char *cert_path = g_strdup_printf("%s/%s.pem", broker->directory, spec->cn);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = hl_csr_make(key, spec->cn, &error);
    g_autoptr(HlCert) cert = hl_cert_issue(broker->ca, broker->ca_key, csr, spec, &error);

    g_assert_no_error(error);
    g_assert_true(hl_key_save(key, key_path, NULL));
    g_assert_true(hl_cert_save(cert, cert_path, NULL));
}

void test_broker_issue(const TestBroker *broker, const char *name, HlCertKind kind)
{
    static const char *const names[] = { "localhost", "127.0.0.1", NULL };
    HlTime now = hl_clock_wall();

    test_broker_issue_as(
        broker, &(HlCertSpec){ name, kind, kind == HL_CERT_SERVER ? names : NULL, now - HL_HOUR, now + HL_DAY });
}

static void make_ca(TestBroker *broker)
{
    g_autofree char *path = test_broker_path(broker, "ca.pem");
    HlTime now = hl_clock_wall();

    broker->ca_key = hl_key_generate(NULL);
    broker->ca = hl_cert_make_ca(broker->ca_key, "Test CA", now - HL_HOUR, now + 2 * HL_DAY, NULL);
    g_assert_true(hl_cert_save(broker->ca, path, NULL));
    test_broker_issue(broker, "server", HL_CERT_SERVER);
}

static void on_ended(const HlChildEnd *end G_GNUC_UNUSED, gpointer user)
{
    TestBroker *broker = user;

    broker->child = NULL;
}

void test_broker_start(TestBroker *broker)
{
    g_autofree char *conf = test_broker_path(broker, "mosquitto.conf");
    g_autofree char *log = test_broker_path(broker, "mosquitto.log");
    const char *argv[] = { "mosquitto", "-c", conf, NULL };
    g_autofree char *directory = g_strconcat(g_getenv("PATH"), ":/usr/sbin", NULL);
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    g_setenv("PATH", directory, TRUE); /* where Debian has it, which a user's PATH often lacks */
    spec.argv = argv;
    spec.log_path = log;
    broker->child = hl_child_start(&spec, NULL, on_ended, broker, &error);
    g_assert_no_error(error);
    WAIT_UNTIL(test_port_is_taken(broker->port) || broker->child == NULL);
    g_assert_nonnull(broker->child);
}

void test_broker_init(TestBroker *broker, const char *extra, bool tls)
{
    g_autoptr(GString) text = g_string_new(extra);
    g_autofree char *conf = NULL;

    *broker = (TestBroker){ .directory = g_dir_make_tmp("hl-broker-XXXXXX", NULL), .port = test_port() };
    broker->address = g_strdup_printf("127.0.0.1:%u", broker->port);
    g_string_append_printf(text, "\nuser %s\nlistener %u 127.0.0.1\n", g_get_user_name(), broker->port);
    if (tls) {
        make_ca(broker);
        g_string_append_printf(text,
                               "cafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n"
                               "require_certificate true\nuse_identity_as_username true\n",
                               broker->directory, broker->directory, broker->directory);
    } else {
        g_string_append(text, "allow_anonymous true\n");
    }
    conf = test_broker_path(broker, "mosquitto.conf");
    g_assert_true(hl_file_write_text(conf, text->str, 0600, NULL));
    test_broker_start(broker);
}

void test_broker_kill(TestBroker *broker)
{
    g_assert_cmpint(kill(hl_child_pid(broker->child), SIGKILL), ==, 0);
    WAIT_UNTIL(broker->child == NULL);
}

void test_broker_clear(TestBroker *broker)
{
    if (broker->child != NULL)
        test_broker_kill(broker);
    g_clear_pointer(&broker->ca, hl_cert_free);
    g_clear_pointer(&broker->ca_key, hl_key_free);
    g_assert_true(hl_tree_remove(broker->directory, NULL));
    g_free(broker->directory);
    g_free(broker->address);
}
