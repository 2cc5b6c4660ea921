/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/ground/machines, and that the fleet keeps it: who enrols is found among few, however many there are.
 */
#include "manager/daemon/state/registration.h"
#include "tests/support/manager_parts.h"

#define COUNT 300

static guint number_of(const MgrMachines *machines, const char *fingerprint)
{
    g_autoptr(GPtrArray) list = mgr_machines_list(machines, fingerprint);

    return list->len;
}

static void test_index(void)
{
    MgrMachines machines;
    int a, b;

    mgr_machines_init(&machines);
    mgr_machines_add(&machines, "one", NULL, &a);
    mgr_machines_add(&machines, "one", "two", &b); /* it says that it is a's machine */
    mgr_machines_add(&machines, "", NULL, &b);
    g_assert_cmpuint(number_of(&machines, "one"), ==, 2);
    g_assert_cmpuint(number_of(&machines, "two"), ==, 1);
    g_assert_cmpuint(number_of(&machines, ""), ==, 0);
    g_assert_cmpuint(number_of(&machines, "three"), ==, 0);
    mgr_machines_drop(&machines, "one", NULL, &a); /* the first one goes, and comes back behind the other */
    g_assert_true(mgr_machines_get(&machines, "one", 0) == &b);
    mgr_machines_add(&machines, "one", NULL, &a);
    mgr_machines_drop(&machines, "one", "two", &b);
    g_assert_cmpuint(number_of(&machines, "one"), ==, 1);
    g_assert_cmpuint(number_of(&machines, "two"), ==, 0);
    g_assert_true(mgr_machines_get(&machines, "one", 0) == &a);
    mgr_machines_clear(&machines);
}

static void test_fleet(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrFleet *fleet = &parts->fleet;
    MgrEndpoint *last = NULL;

    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *id = g_strdup_printf("e-%03u", i);

        last = parts_add_endpoint(parts, id);
    }
    for (guint i = 0; i < COUNT; i++) {
        g_autofree char *print = g_strdup_printf("print-of-e-%03u", i);

        g_assert_cmpuint(number_of(&fleet->machines, print), ==, 1);
    }
    g_assert_true(mgr_fleet_machine(fleet, "print-of-e-299") == last);

    /* told is not enrolled: by both it is found, by one it enrols */
    g_assert_true(mgr_registration_set_machine(fleet, last, "another"));
    g_assert_cmpuint(number_of(&fleet->machines, "another"), ==, 1);
    g_assert_true(mgr_fleet_machine(fleet, "print-of-e-299") == last);
    g_assert_null(mgr_fleet_machine(fleet, "another"));
    g_assert_true(mgr_registration_enrol_as_told(fleet, last));
    g_assert_null(mgr_fleet_machine(fleet, "print-of-e-299"));
    g_assert_cmpuint(number_of(&fleet->machines, "print-of-e-299"), ==, 0);
    g_assert_true(mgr_fleet_machine(fleet, "another") == last);

    mgr_fleet_remove_endpoint(fleet, last);
    g_assert_null(mgr_fleet_machine(fleet, "another"));
}

static const MgrCertificateRecord *add_certificate(Parts *parts, const char *serial, const char *name)
{
    MgrCertificateRecord record = { .serial = g_strdup(serial),
                                    .name = g_strdup(name),
                                    .kind = g_strdup("endpoint"),
                                    .authority = g_strdup(""),
                                    .issued_at = hl_clock_wall(),
                                    .expires_at = hl_clock_wall() + HL_DAY };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_certificate(set, &record);
    mgr_record_write(parts->record, set);
    parts_commit(parts);
    return mgr_fleet_add_certificate(&parts->fleet, &record);
}

/* Id and serial are texts of the certificate, if that is its own; it may go, and get another one. */
static void test_texts(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrFleet fleet = { 0 };
    MgrEndpoint *one;

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_add_endpoint(parts, "e-six");
    add_certificate(parts, "serial-of-e-one", "e-one");
    add_certificate(parts, "serial-of-e-two", "e-nobody");
    parts_load(parts, &fleet);
    one = mgr_fleet_endpoint(&fleet, "e-one");
    g_assert_true(one->record.id == mgr_fleet_certificate(&fleet, "serial-of-e-one")->name);
    g_assert_true(one->record.serial == mgr_fleet_certificate(&fleet, "serial-of-e-one")->serial);
    g_assert_cmpstr(mgr_fleet_endpoint(&fleet, "e-two")->record.serial, ==, "serial-of-e-two");
    mgr_endpoint_set_certificate(one, mgr_fleet_certificate(&fleet, "serial-of-e-two"));
    g_assert_cmpstr(one->record.serial, ==, "serial-of-e-two");
    mgr_endpoint_set_certificate(mgr_fleet_endpoint(&fleet, "e-six"), mgr_fleet_certificate(&fleet, "serial-of-e-one"));
    mgr_fleet_remove_endpoint(&fleet, one);
    g_assert_null(mgr_fleet_endpoint(&fleet, "e-one"));
    g_assert_true(mgr_fleet_has_live_name(&fleet, "e-one", "endpoint"));
    g_assert_cmpstr(mgr_fleet_certificate(&fleet, "serial-of-e-one")->name, ==, "e-one");
    mgr_fleet_clear(&fleet);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machines/index", test_index);
    g_test_add_func("/machines/fleet", test_fleet);
    g_test_add_func("/machines/texts", test_texts);
    return g_test_run();
}
