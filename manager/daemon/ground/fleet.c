/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/fleet.h"

#include <string.h>

#include "lib/pki/cert.h"
#include "manager/core/counter.h"
#include "manager/daemon/ground/certificates.h"

#define RENEWAL_PART 3 /* of a certificate's life: what uses it renews it in the last one (hl_pair_is_due) */

const MgrContact mgr_endpoint_no_contact;

guint mgr_endpoint_count_targets(const MgrEndpoint *endpoint)
{
    guint n = 0;

    for (const MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL;
         at = mgr_endpoint_next_target(endpoint, at))
        n++;
    return n;
}

void mgr_endpoint_put_target(MgrEndpoint *endpoint, MgrTarget *target)
{
    MgrTarget *last = endpoint->last_target;

    target->next_open = last != NULL ? last->next_open : target;
    if (last != NULL)
        last->next_open = target;
    endpoint->last_target = target;
}

void mgr_endpoint_drop_target(MgrEndpoint *endpoint, MgrTarget *target)
{
    MgrTarget *before = target->next_open;

    if (before == NULL)
        return;
    while (before->next_open != target)
        before = before->next_open;
    before->next_open = target->next_open;
    if (endpoint->last_target == target)
        endpoint->last_target = before != target ? before : NULL;
    target->next_open = NULL;
}

static void free_endpoint(gpointer item)
{
    MgrEndpoint *endpoint = item;

    if (endpoint->borrows_id)
        endpoint->record.id = NULL;
    if (endpoint->borrows_serial)
        endpoint->record.serial = NULL;
    mgr_endpoint_record_clear(&endpoint->record);
    mgr_contact_free(endpoint->contact);
    g_free(endpoint->findings);
    g_free(endpoint);
}

void mgr_command_free(gpointer item)
{
    MgrCommand *command = item;

    mgr_command_record_clear(&command->record);
    g_ptr_array_unref(command->targets);
    g_free(command);
}

static void free_token(gpointer item)
{
    mgr_token_record_clear(item);
    g_free(item);
}

static void borrow_serial(MgrEndpoint *endpoint, const MgrCertificateRecord *certificate)
{
    if (!endpoint->borrows_serial)
        hl_common_free(endpoint->record.serial);
    endpoint->record.serial = certificate->serial;
    endpoint->borrows_serial = true;
}

/* Of its certificate, which is loaded before it. */
static void borrow_texts(const MgrFleet *fleet, MgrEndpoint *endpoint)
{
    const char *serial = endpoint->record.serial;
    const MgrCertificateRecord *certificate = serial != NULL ? mgr_fleet_certificate(fleet, serial) : NULL;

    if (certificate == NULL || strcmp(certificate->name, endpoint->record.id) != 0)
        return;
    borrow_serial(endpoint, certificate);
    hl_common_free(endpoint->record.id);
    endpoint->record.id = certificate->name;
    endpoint->borrows_id = true;
}

MgrGroup *mgr_fleet_put_group(MgrFleet *fleet, MgrGroupRecord *record)
{
    MgrGroup *group = mgr_fleet_group(fleet, record->name);

    if (group == NULL) {
        group = mgr_group_new();
    } else {
        g_hash_table_steal(fleet->groups, group->record.name); /* the key lives in the record */
    }
    mgr_group_set_record(group, record);
    g_hash_table_insert(fleet->groups, group->record.name, group);
    return group;
}

MgrEndpoint *mgr_fleet_load_endpoint(MgrFleet *fleet, MgrEndpointRecord *record)
{
    MgrEndpoint *endpoint = g_new0(MgrEndpoint, 1);

    endpoint->record = *record;
    memset(record, 0, sizeof *record);
    borrow_texts(fleet, endpoint);
    mgr_endpoint_keep_observed_once(&endpoint->record);
    endpoint->broker = MGR_BROKER_UNKNOWN;
    endpoint->group = mgr_fleet_group(fleet, endpoint->record.group);
    g_assert(endpoint->group != NULL); /* a foreign key of the registry, mended at its opening (manager/store/heal.h) */
    endpoint->group->members++;
    mgr_endpoint_share_digest(endpoint);
    fleet->next_number = MAX(fleet->next_number, endpoint->record.number + 1);
    endpoint->certificates = g_hash_table_lookup(fleet->names, endpoint->record.id);
    g_hash_table_remove(fleet->names, endpoint->record.id);
    g_hash_table_add(fleet->endpoints, endpoint);
    mgr_machines_add(&fleet->machines, endpoint->record.fingerprint,
                     mgr_endpoint_seldom(&endpoint->record)->enrolled_as, endpoint);
    return endpoint;
}

MgrEndpoint *mgr_fleet_add_endpoint(MgrFleet *fleet, MgrEndpointRecord *record)
{
    MgrEndpoint *endpoint = mgr_fleet_load_endpoint(fleet, record);

    hl_in_order_add(&fleet->in_order, endpoint);
    return endpoint;
}

const MgrFindings *mgr_endpoint_findings(const MgrEndpoint *endpoint)
{
    static const MgrFindings none = { .how = MGR_SCAN_OTHER };

    return endpoint->findings != NULL ? endpoint->findings : &none;
}

void mgr_fleet_set_findings(MgrFleet *fleet, MgrEndpoint *endpoint, const MgrFindings *findings)
{
    const MgrFindings *old = mgr_endpoint_findings(endpoint);

    fleet->open_detections += findings->open;
    fleet->open_detections -= old->open;
    fleet->infected += (findings->open > 0) - (old->open > 0);
    fleet->scans_failed += (findings->end == MGR_SCAN_FAILED) - (old->end == MGR_SCAN_FAILED);
    if (endpoint->findings == NULL)
        endpoint->findings = g_new(MgrFindings, 1);
    *endpoint->findings = *findings;
}

/* Of those of its targets that are not attached yet. */
static void detach(const MgrCommand *command, const MgrEndpoint *endpoint)
{
    for (guint i = command->attached; i < command->targets->len; i++) {
        MgrTarget *target = command->targets->pdata[i];

        if (target->endpoint == endpoint)
            target->endpoint = NULL;
    }
}

void mgr_fleet_remove_endpoint(MgrFleet *fleet, MgrEndpoint *endpoint)
{
    if (endpoint->findings != NULL) /* the sums without it */
        mgr_fleet_set_findings(fleet, endpoint, &(MgrFindings){ .end = MGR_SCAN_NEVER });
    for (MgrTarget *at = mgr_endpoint_first_target(endpoint); at != NULL; at = mgr_endpoint_next_target(endpoint, at))
        at->endpoint = NULL;
    for (guint i = 0; i < fleet->unattached->len; i++)
        detach(fleet->unattached->pdata[i], endpoint);
    endpoint->group->members--;
    if (mgr_endpoint_is_up(endpoint))
        fleet->online--;
    mgr_agenda_drop(&fleet->presence_agenda, endpoint);
    mgr_agenda_drop(&fleet->display_agenda, endpoint);
    if (endpoint->unwritten != 0)
        g_ptr_array_remove_fast(fleet->unwritten, endpoint);
    mgr_machines_drop(&fleet->machines, endpoint->record.fingerprint,
                      mgr_endpoint_seldom(&endpoint->record)->enrolled_as, endpoint);
    hl_in_order_remove(&fleet->in_order, endpoint);
    if (endpoint->certificates != NULL) /* they are of a name of nobody now */
        g_hash_table_insert(fleet->names, endpoint->certificates->name, endpoint->certificates);
    hl_by_text_remove(fleet->endpoints, endpoint->record.id);
}

const MgrTokenRecord *mgr_fleet_add_token(MgrFleet *fleet, MgrTokenRecord *record)
{
    MgrTokenRecord *token = g_memdup2(record, sizeof *record);

    memset(record, 0, sizeof *record);
    if (token->endpoint == NULL)
        token->endpoint = g_strdup("");
    g_hash_table_insert(fleet->tokens, token->id, token);
    return token;
}

MgrCertificateState mgr_fleet_certificate_state(const MgrFleet *fleet, const MgrCertificateRecord *certificate)
{
    HlTime left = certificate->expires_at - hl_clock_wall();

    if (certificate->revoked_at > 0)
        return MGR_CERTIFICATE_REVOKED;
    if (left < 0)
        return MGR_CERTIFICATE_EXPIRED;
    if (mgr_places_has_ended(&fleet->places, mgr_certificate_authority(certificate)))
        return MGR_CERTIFICATE_AUTHORITY_ENDED;
    return left < (certificate->expires_at - certificate->issued_at) / RENEWAL_PART ? MGR_CERTIFICATE_RENEWAL_DUE
                                                                                    : MGR_CERTIFICATE_VALID;
}

const char *mgr_certificate_state_name(MgrCertificateState state)
{
    static const char *const names[MGR_CERTIFICATE_N] = {
        [MGR_CERTIFICATE_REVOKED] = "revoked",
        [MGR_CERTIFICATE_EXPIRED] = "expired",
        [MGR_CERTIFICATE_AUTHORITY_ENDED] = "authority-ended",
        [MGR_CERTIFICATE_RENEWAL_DUE] = "renewal-due",
        [MGR_CERTIFICATE_VALID] = "valid",
    };

    return names[state];
}

static void put_of_name(MgrFleet *fleet, MgrCertificateRecord *certificate)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, certificate->name);
    MgrCertificateRecord *first = mgr_fleet_certificates_of(fleet, certificate->name);

    if (first != NULL) { /* behind it: its name is the table's */
        certificate->next = first->next;
        first->next = certificate;
    } else if (endpoint != NULL) {
        endpoint->certificates = certificate;
    } else {
        g_hash_table_insert(fleet->names, certificate->name, certificate);
    }
}

const MgrCertificateRecord *mgr_fleet_add_certificate(MgrFleet *fleet, MgrCertificateRecord *record)
{
    MgrCertificateRecord *certificate = mgr_certificate_keep(record);
    bool is_new = g_hash_table_add(fleet->certificates, certificate);

    g_assert(is_new);
    if (strcmp(certificate->kind, hl_cert_kind_name(HL_CERT_ENDPOINT)) != 0) {
        fleet->named_changes++;
        g_hash_table_insert(fleet->named, certificate->serial, certificate);
    }
    put_of_name(fleet, certificate);
    return certificate;
}

MgrCertificateRecord *mgr_fleet_certificates_of(const MgrFleet *fleet, const char *name)
{
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, name);

    return endpoint != NULL ? endpoint->certificates : g_hash_table_lookup(fleet->names, name);
}

/* Asked at each connect and each call. */
bool mgr_fleet_has_live_name(const MgrFleet *fleet, const char *name, const char *kind)
{
    for (const MgrCertificateRecord *at = mgr_fleet_certificates_of(fleet, name); at != NULL; at = at->next)
        if (at->revoked_at == 0 && (kind == NULL || strcmp(at->kind, kind) == 0))
            return true;
    return false;
}

bool mgr_fleet_may_come(const MgrFleet *fleet, const char *name)
{
    return mgr_fleet_has_live_name(fleet, name, NULL) ||
           (!mgr_fleet_knows_name(fleet, name) && mgr_accounts_get(fleet->accounts, name) != NULL);
}

void mgr_fleet_remove_group(MgrFleet *fleet, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->tokens);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (strcmp(((const MgrTokenRecord *)value)->group, name) == 0)
            g_hash_table_iter_remove(&iter); /* the registry deletes them with the group */
    g_hash_table_remove(fleet->groups, name);
}

void mgr_endpoint_set_certificate(MgrEndpoint *endpoint, const MgrCertificateRecord *certificate)
{
    borrow_serial(endpoint, certificate);
    endpoint->record.cert_expires = certificate->expires_at;
    if (endpoint->contact != NULL)
        endpoint->contact->late_at = 0;
    endpoint->is_left_behind = false;
}

HlTime mgr_endpoint_certificate_end(const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    const MgrPlaceRecord *place = &fleet->places.announced;
    HlTime since = place->authorities_since != 0 ? place->authorities_since : place->changed_at;

    return endpoint->is_left_behind ? MIN(endpoint->record.cert_expires, since) : endpoint->record.cert_expires;
}

/* While its authority would still be good by its date it does not ask whether there is another one. */
HlTime mgr_endpoint_grace_end(const MgrFleet *fleet, const MgrEndpoint *endpoint, const HlTime *grace)
{
    const MgrEndpointRecord *record = &endpoint->record;
    bool has_key = record->cert_expires > 0 && record->revoked_at == 0 &&
                   mgr_endpoint_certificate_end(fleet, endpoint) == record->cert_expires;

    return has_key && grace != NULL ? record->cert_expires + *grace : 0;
}

void mgr_endpoint_set_group(MgrEndpoint *endpoint, MgrGroup *group, uint64_t counter)
{
    bool is_current = endpoint->tally.is_counted && !endpoint->tally.behind;

    endpoint->group->members--;
    endpoint->group->current -= is_current;
    group->members++;
    group->current += is_current; /* where it is counted out again */
    if (endpoint->tally.is_counted) {
        mgr_totals_take(&endpoint->group->totals, &endpoint->tally);
        mgr_totals_put(&group->totals, &endpoint->tally);
    }
    endpoint->group = group;
    hl_common_free(endpoint->record.group);
    endpoint->record.group = hl_common_dup(group->record.name);
    endpoint->record.moved_counter = MAX(counter, endpoint->record.moved_counter + 1);
}

/* Whether they are alike; then it is the kept one. */
static bool share_digest(GBytes **own, GBytes *kept)
{
    if (kept == NULL || !g_bytes_equal(*own, kept))
        return false;
    g_bytes_ref(kept);
    g_bytes_unref(*own);
    *own = kept;
    return true;
}

void mgr_endpoint_share_digest(MgrEndpoint *endpoint)
{
    GBytes **own = &endpoint->record.applied.digest;
    MgrGroup *group = endpoint->group;

    if (*own == NULL || share_digest(own, mgr_endpoint_terms(endpoint)->digest) ||
        share_digest(own, group->digest_before))
        return;
    g_clear_pointer(&group->digest_before, g_bytes_unref);
    group->digest_before = g_bytes_ref(*own);
}

void mgr_endpoint_outrun(MgrEndpoint *endpoint)
{
    if (endpoint->record.moved_counter >= endpoint->group->record.counter)
        endpoint->record.moved_counter++;
}

bool mgr_target_is_seen(const MgrTarget *target, const MgrCaller *caller)
{
    return target->endpoint != NULL ? mgr_caller_sees(caller, target->endpoint->record.group)
                                    : caller == NULL || caller->groups == NULL;
}

MgrTarget *mgr_endpoint_find_target(const MgrEndpoint *endpoint, const char *command)
{
    MgrTarget *target = mgr_endpoint_first_target(endpoint);

    while (target != NULL && strcmp(target->record.command, command) != 0)
        target = mgr_endpoint_next_target(endpoint, target);
    return target;
}

MgrGroup *mgr_fleet_group(const MgrFleet *fleet, const char *name)
{
    return g_hash_table_lookup(fleet->groups, name);
}

MgrEndpoint *mgr_fleet_endpoint(const MgrFleet *fleet, const char *id)
{
    return hl_by_text_find(fleet->endpoints, id);
}

MgrEndpoint *mgr_fleet_machine(const MgrFleet *fleet, const char *fingerprint)
{
    MgrEndpoint *endpoint;

    for (guint n = 0; (endpoint = mgr_machines_get(&fleet->machines, fingerprint, n)) != NULL; n++)
        if (strcmp(mgr_endpoint_enrolled_as(&endpoint->record), fingerprint) == 0)
            return endpoint;
    return NULL;
}

MgrCommand *mgr_fleet_command(const MgrFleet *fleet, const char *id)
{
    return g_hash_table_lookup(fleet->commands, id);
}

MgrTarget *mgr_fleet_target(const MgrFleet *fleet, const char *command, const char *endpoint)
{
    const MgrCommand *found = mgr_fleet_command(fleet, command);

    for (guint i = 0; found != NULL && i < found->targets->len; i++) {
        MgrTarget *target = found->targets->pdata[i];

        if (strcmp(target->record.endpoint, endpoint) == 0)
            return target;
    }
    return NULL;
}

MgrTokenRecord *mgr_fleet_token(const MgrFleet *fleet, const char *id)
{
    return g_hash_table_lookup(fleet->tokens, id);
}

int mgr_endpoint_compare(gconstpointer a, gconstpointer b)
{
    return strcmp((*(MgrEndpoint *const *)a)->record.id, (*(MgrEndpoint *const *)b)->record.id);
}

static int compare_groups(gconstpointer a, gconstpointer b)
{
    return strcmp((*(MgrGroup *const *)a)->record.name, (*(MgrGroup *const *)b)->record.name);
}

GPtrArray *mgr_fleet_values(GHashTable *table)
{
    GPtrArray *values = g_ptr_array_sized_new(g_hash_table_size(table));
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(values, value);
    return values;
}

GPtrArray *mgr_fleet_sorted_endpoints(const MgrFleet *fleet)
{
    GPtrArray *sorted = g_ptr_array_sized_new(fleet->in_order.length);
    HlInOrderPlace place = hl_in_order_after(&fleet->in_order, NULL);
    gpointer endpoint;

    while ((endpoint = hl_in_order_next(&fleet->in_order, &place)) != NULL)
        g_ptr_array_add(sorted, endpoint);
    return sorted;
}

GPtrArray *mgr_fleet_sorted_groups(const MgrFleet *fleet)
{
    GPtrArray *sorted = mgr_fleet_values(fleet->groups);

    g_ptr_array_sort(sorted, compare_groups);
    return sorted;
}

uint64_t mgr_fleet_next_counter(MgrFleet *fleet)
{
    fleet->settings_counter = mgr_counter_next(fleet->settings_counter, hl_clock_wall());
    return fleet->settings_counter;
}

uint64_t mgr_endpoint_desired_counter(const MgrEndpoint *endpoint)
{
    return MAX(mgr_endpoint_terms(endpoint)->record.counter, endpoint->record.moved_counter);
}

bool mgr_endpoint_has_desired(const MgrEndpoint *endpoint)
{
    const MgrApplied *applied = &endpoint->record.applied;

    return applied->counter == mgr_endpoint_desired_counter(endpoint) && applied->digest != NULL &&
           g_bytes_equal(applied->digest, mgr_endpoint_terms(endpoint)->digest);
}

MgrVerdictFacts mgr_endpoint_facts(const MgrEndpoint *endpoint, char **address)
{
    const MgrContact *contact = mgr_endpoint_contact(endpoint);

    *address = mgr_endpoint_address(endpoint);
    return (MgrVerdictFacts){ .presence = &endpoint->record.presence,
                              .display = &endpoint->record.display,
                              .reach = endpoint->record.reach,
                              .reach_detail = contact->reach_detail,
                              .dialled_mono = contact->dialled_mono,
                              .address = *address,
                              .port = (unsigned)endpoint->record.direct_port,
                              .late = contact->late_at > 0 ? mgr_late_name(contact->late) : NULL,
                              .late_wall = contact->late_at,
                              .is_left_behind = endpoint->is_left_behind };
}

MgrAccepted mgr_endpoint_accepted(const MgrEndpoint *endpoint)
{
    const MgrContact *contact = mgr_endpoint_contact(endpoint);

    if (contact->accepted_spool == NULL)
        return (MgrAccepted){ endpoint->record.spool, endpoint->record.report_seq, endpoint->record.report_mark };
    return (MgrAccepted){ contact->accepted_spool, contact->accepted_seq, contact->accepted_mark };
}

void mgr_fleet_init(MgrFleet *fleet)
{
    fleet->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, mgr_group_free);
    fleet->endpoints = hl_by_text_new(free_endpoint);
    hl_in_order_init(&fleet->in_order);
    fleet->commands = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, mgr_command_free);
    fleet->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_token);
    fleet->certificates = hl_by_text_new(mgr_certificate_free);
    fleet->named = g_hash_table_new(g_str_hash, g_str_equal);
    mgr_machines_init(&fleet->machines);
    fleet->names = g_hash_table_new(g_str_hash, g_str_equal);
    fleet->accounts = mgr_accounts_new();
    fleet->presence_agenda = MGR_AGENDA_INIT(MgrEndpoint, presence_turn);
    fleet->display_agenda = MGR_AGENDA_INIT(MgrEndpoint, display_turn);
    fleet->unwritten = g_ptr_array_new();
    fleet->unattached = g_ptr_array_new();
    fleet->next_number = 1;
    fleet->lived.mono = fleet->mark.mono = hl_clock_mono();
    fleet->latest = g_strdup("");
    fleet->program = g_strdup("");
}

void mgr_fleet_clear(MgrFleet *fleet)
{
    g_clear_pointer(&fleet->commands, g_hash_table_unref);
    hl_in_order_clear(&fleet->in_order);
    g_clear_pointer(&fleet->endpoints, g_hash_table_unref);
    g_clear_pointer(&fleet->groups, g_hash_table_unref);
    g_clear_pointer(&fleet->tokens, g_hash_table_unref);
    mgr_machines_clear(&fleet->machines);
    g_clear_pointer(&fleet->named, g_hash_table_unref);
    g_clear_pointer(&fleet->names, g_hash_table_unref); /* its keys are in the certificates */
    g_clear_pointer(&fleet->certificates, g_hash_table_unref);
    g_clear_pointer(&fleet->accounts, g_hash_table_unref);
    mgr_places_clear(&fleet->places);
    mgr_agenda_clear(&fleet->presence_agenda);
    mgr_agenda_clear(&fleet->display_agenda);
    g_clear_pointer(&fleet->unwritten, g_ptr_array_unref);
    g_clear_pointer(&fleet->unattached, g_ptr_array_unref);
    g_clear_pointer(&fleet->latest, g_free);
    g_clear_pointer(&fleet->program, g_free);
}
