/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/comeback: a machine whose certificate ended while it was away gets another one, or says in words
 * what to do.  The identity is real, on disk; the server is the test's. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/work/comeback.h"
#include "proto/enrolment.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/late_fake.h"
#include "tests/support/timer_fake.h"

typedef struct {
    EndpointParts *parts;
    EpComeback *comeback;
    EpComebackLine line;
    guint looks;
} World;

static EpComebackLine on_line(gpointer user)
{
    World *world = user;

    world->looks++;
    return world->line;
}

static char **on_urls(gpointer user G_GNUC_UNUSED)
{
    return g_strsplit("https://a.example:8443 https://b.example:8443", " ", 0);
}

static void make(World *world)
{
    EndpointParts *parts = world->parts;

    world->comeback = ep_comeback_new(&(EpComebackOptions){ .identity = parts->identity,
                                                            .db = parts->db,
                                                            .trouble = parts->trouble,
                                                            .pulse = parts->pulse,
                                                            .time = &parts->time,
                                                            .renewal = parts->renewal,
                                                            .proxy = "",
                                                            .pace_base = HL_SECOND,
                                                            .pace_cap = HL_MINUTE,
                                                            .line = on_line,
                                                            .urls = on_urls,
                                                            .user = world });
}

/* It was away for so long; its certificate lasts 30 days. */
static World *world_new(HlTime away)
{
    World *world = g_new0(World, 1);

    world->parts = parts_new();
    clock_fake_advance(away);
    world->line.failed = 1;
    make(world);
    return world;
}

static void world_free(World *world)
{
    g_clear_pointer(&world->comeback, ep_comeback_free);
    parts_free(world->parts);
    late_fake_reset();
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* As after kill -9: the parts from what is stored. */
static void restart(World *world)
{
    g_clear_pointer(&world->comeback, ep_comeback_free);
    parts_restart(world->parts);
    make(world);
}

static void look(void)
{
    timer_fake_advance(2 * HL_SECOND);
}

static const char *problem(const World *world)
{
    return ep_trouble_view(world->parts->trouble).text;
}

static void check_state(const World *world, EpComebackState state, const char *part)
{
    EpComebackView view = ep_comeback_view(world->comeback);

    g_assert_cmpstr(ep_comeback_state_name(view.state), ==, ep_comeback_state_name(state));
    g_assert_nonnull(strstr(view.detail, part));
}

static char *certificate(const World *world, const char *cn)
{
    const EndpointParts *parts = world->parts;
    HlCertSpec spec = { .cn = cn,
                        .kind = HL_CERT_ENDPOINT,
                        .not_before = hl_clock_wall() - HL_HOUR,
                        .not_after = hl_clock_wall() + 30 * HL_DAY };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = hl_cert_issue(parts->ca, parts->ca_key, late_fake()->csr, &spec, &error);

    g_assert_no_error(error);
    return hl_cert_print(cert);
}

static void grant(World *world)
{
    g_autofree char *pem = certificate(world, PARTS_ID);

    late_fake_answer((EpLateAnswer){ .server = hl_clock_wall(), .certificate = pem });
}

static void test_back(void)
{
    g_autoptr(World) world = world_new(40 * HL_DAY);
    g_autofree char *before = g_strdup(hl_cert_info(world->parts->identity->cert)->serial);
    g_autoptr(HlCert) shown = NULL;
    g_autoptr(EpIdentity) on_disk = NULL;

    look();
    g_assert_cmpuint(late_fake()->asked, ==, 1);
    g_assert_cmpuint(g_strv_length(late_fake()->urls), ==, 2);
    g_assert_cmpint(late_fake()->ends, ==, hl_cert_info(world->parts->identity->cert)->not_after);
    shown = hl_cert_parse("shown", late_fake()->certificate, strlen(late_fake()->certificate), NULL);
    g_assert_true(hl_cert_verify_signature(shown, HL_RENEW_PROOF, late_fake()->csr, late_fake()->proof));
    grant(world);
    check_state(world, EP_COMEBACK_BACK, "");
    g_assert_null(problem(world));
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(world->parts->renewals, ==, 1); /* the line is told */
    on_disk = ep_identity_load(world->parts->dir, NULL);
    g_assert_cmpstr(hl_cert_info(on_disk->cert)->serial, !=, before);
    restart(world); /* it is told after a restart too, until the next renewal */
    check_state(world, EP_COMEBACK_BACK, "");
}

/* Killed after the request, before the answer: the next one is for the same key, so that both answers can be used. */
static void test_killed(void)
{
    g_autoptr(World) world = world_new(40 * HL_DAY);
    g_autofree char *pem = NULL;

    look();
    pem = certificate(world, PARTS_ID);
    restart(world);
    look();
    g_assert_cmpuint(late_fake()->asked, ==, 2);
    late_fake_answer((EpLateAnswer){ .server = hl_clock_wall(), .certificate = pem });
    check_state(world, EP_COMEBACK_BACK, "");
}

static void test_refused(void)
{
    g_autoptr(World) world = world_new(50 * HL_DAY);
    guint asked;

    look();
    late_fake_answer((EpLateAnswer){
        .outcome = EP_LATE_REFUSED, .code = (char *)"expired", .message = (char *)"it is too late: ask for a bundle" });
    check_state(world, EP_COMEBACK_REFUSED, "it is too late");
    g_assert_nonnull(strstr(problem(world), "it is too late: ask for a bundle; then enrol again with "
                                            "'holdline-endpoint enrol BUNDLE --replace'"));
    g_assert_cmpint(ep_comeback_view(world->comeback).next, >=, hl_clock_wall() + HL_HOUR - HL_SECOND);
    timer_fake_advance(59 * HL_MINUTE);
    g_assert_cmpuint(late_fake()->asked, ==, 1);
    timer_fake_advance(32 * HL_MINUTE); /* the owner may have changed enrolment.grace */
    asked = late_fake()->asked;
    g_assert_cmpuint(asked, ==, 2);
    grant(world);
    g_assert_null(problem(world));
}

static void test_gone(void)
{
    g_autoptr(World) world = world_new(50 * HL_DAY);

    look();
    late_fake_answer((EpLateAnswer){ .outcome = EP_LATE_REFUSED, .message = (char *)"no" });
    g_clear_pointer(&world->comeback, ep_comeback_free); /* 'leave', or another enrolment */
    g_assert_null(problem(world));
}

static void test_unreached(void)
{
    g_autoptr(World) world = world_new(40 * HL_DAY);

    look();
    late_fake_answer((EpLateAnswer){ .outcome = EP_LATE_UNREACHED, .message = (char *)"nobody is there" });
    check_state(world, EP_COMEBACK_WAITING, "nobody is there");
    g_assert_null(problem(world)); /* that the line is down is told already */
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(late_fake()->asked, ==, 2);
    world->line = (EpComebackLine){ true, 0 };
    late_fake_answer((EpLateAnswer){ .outcome = EP_LATE_UNREACHED, .message = (char *)"nobody is there" });
    look();
    check_state(world, EP_COMEBACK_NONE, "");
}

/* What the server is not asked for: this machine's clock is ahead. */
static void test_clock_ahead(void)
{
    g_autoptr(World) world = world_new(HL_DAY);

    clock_fake_jump_wall(365 * HL_DAY);
    look();
    g_assert_cmpuint(late_fake()->asked, ==, 1); /* the question begins with the time */
    late_fake_answer(
        (EpLateAnswer){ .outcome = EP_LATE_VALID, .server = hl_clock_wall() - 365 * HL_DAY, .wait = 29 * HL_DAY });
    check_state(world, EP_COMEBACK_CLOCK, "this machine's clock is wrong: it says ");
    g_assert_nonnull(strstr(problem(world), "set the clock"));
    timer_fake_advance(3 * HL_HOUR); /* from here on it knows better than its own clock */
    g_assert_cmpuint(late_fake()->asked, ==, 1);
    world->line = (EpComebackLine){ true, 0 };
    look();
    g_assert_null(problem(world));
}

/* The line told the time before it went down: that is believed more than the own clock, and nobody is asked. */
static void test_clock_known(void)
{
    g_autoptr(World) world = world_new(HL_DAY);

    ep_server_time_told(&world->parts->time, hl_clock_wall(), hl_clock_mono());
    clock_fake_jump_wall(365 * HL_DAY);
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(late_fake()->asked, ==, 0);
}

/* The other way round: by its own clock there is a week left. */
static void test_clock_behind(void)
{
    g_autoptr(World) world = world_new(23 * HL_DAY);

    look();
    g_assert_cmpuint(late_fake()->asked, ==, 0);
    world->line.failed = 3;
    look();
    g_assert_cmpuint(late_fake()->asked, ==, 1);
    grant(world);
    check_state(world, EP_COMEBACK_BACK, "");
}

static void test_not_ours(void)
{
    g_autoptr(World) world = world_new(40 * HL_DAY);
    g_autofree char *before = g_strdup(hl_cert_info(world->parts->identity->cert)->serial);
    g_autofree char *pem = NULL;

    look();
    pem = certificate(world, "e-somebody-else");
    late_fake_answer((EpLateAnswer){ .server = hl_clock_wall(), .certificate = pem });
    check_state(world, EP_COMEBACK_WAITING, "is for 'e-somebody-else', not for " PARTS_ID);
    g_assert_cmpstr(hl_cert_info(world->parts->identity->cert)->serial, ==, before);
    timer_fake_advance(11 * HL_MINUTE);
    late_fake_answer((EpLateAnswer){ .server = hl_clock_wall(), .certificate = (char *)"nonsense" });
    check_state(world, EP_COMEBACK_WAITING, "");
    g_assert_cmpstr(hl_cert_info(world->parts->identity->cert)->serial, ==, before);
}

/* The certificate counts, even where nobody can be told of it. */
static void test_full_disk(void)
{
    g_autoptr(World) world = world_new(40 * HL_DAY);

    look();
    db_faults_from(DB_FAULTS_WRITES, 1);
    grant(world);
    db_faults_at(DB_FAULTS_WRITES, 0);
    check_state(world, EP_COMEBACK_BACK, "");
}

/* Each look wakes the machine: few while nothing can be the matter, and soon enough again. */
static void test_rests(void)
{
    g_autoptr(World) world = world_new(HL_DAY);

    world->line = (EpComebackLine){ true, 0 };
    look();
    world->looks = 0;
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(world->looks, <=, 360);
    g_assert_cmpuint(world->looks, >=, 359);
    world->line = (EpComebackLine){ false, 1 };
    timer_fake_advance(10 * HL_SECOND);
    world->looks = 0;
    timer_fake_advance(HL_MINUTE);
    g_assert_cmpuint(world->looks, ==, 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/comeback/back", test_back);
    g_test_add_func("/endpoint/comeback/killed", test_killed);
    g_test_add_func("/endpoint/comeback/refused", test_refused);
    g_test_add_func("/endpoint/comeback/gone", test_gone);
    g_test_add_func("/endpoint/comeback/unreached", test_unreached);
    g_test_add_func("/endpoint/comeback/clock-ahead", test_clock_ahead);
    g_test_add_func("/endpoint/comeback/clock-known", test_clock_known);
    g_test_add_func("/endpoint/comeback/clock-behind", test_clock_behind);
    g_test_add_func("/endpoint/comeback/not-ours", test_not_ours);
    g_test_add_func("/endpoint/comeback/full-disk", test_full_disk);
    g_test_add_func("/endpoint/comeback/rests", test_rests);
    return g_test_run();
}
