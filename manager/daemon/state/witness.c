/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/site/audit.h"
#include "manager/site/site.h"

#define LOOK_EVERY HL_MINUTE       /* where nothing is added */
#define NOTE_EVERY HL_MINUTE       /* a durable change, and a file */
#define LOOK_AGAIN (2 * HL_SECOND) /* for the row of a loss */

static const char changed[] = "Somebody who may write registry.db has changed it: 'holdline audit verify' looks it "
                              "over, and what was there is in an export or a backup of an earlier day";
static const char put_back[] =
    "An older registry.db was put in the place of the manager's while it was stopped: settings, groups, commands and "
    "history since are lost; certificates, accounts and revocations are known from the journal.  Stop the manager and "
    "put the later one back, if there is one; else review the groups' settings";

struct MgrWitness {
    char *dir; /* of the site, with its file */
    const MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrAuditHead last; /* at the last look */
    MgrAuditHead at;   /* of the turn that is under way */
    HlTime look_mono, turn_mono, note_mono;
    int64_t noted;       /* the row that the file has, or that is on its way there */
    char *lost, *broken; /* NULL: nothing is known of that */
    bool has_file;       /* or it is missed */
    bool is_closed;      /* nothing follows the last row any more */
    bool is_put_back;    /* lost with the registry, in whose place another one is */
};

static void tell(MgrWitness *witness)
{
    const char *found = witness->lost != NULL ? witness->lost : witness->broken;
    g_autofree char *text = found != NULL ? g_strconcat("The audit log is not what was written: ", found, ".  ",
                                                        witness->is_put_back ? put_back : changed, NULL)
                                          : NULL;
    const char *before = mgr_status_view(witness->status).problems[MGR_PROBLEM_AUDIT];

    if (g_strcmp0(text, before) == 0)
        return;
    if (text != NULL)
        hl_error("audit", "%s", text);
    else
        hl_info("audit", "the audit log is whole again");
    if ((text != NULL) != (before != NULL))
        mgr_status_server_event(witness->status, "audit", before != NULL ? "broken" : "whole",
                                text != NULL ? "broken" : "whole", found != NULL ? found : "");
    mgr_status_set_problem(witness->status, MGR_PROBLEM_AUDIT, text);
}

/* Of a row that is not what was written, or of a log that cannot be read. */
static void set_broken(MgrWitness *witness, const GError *error)
{
    g_free(witness->broken);
    witness->broken = error == NULL ? NULL
                      : hl_error_code(error) == HL_ERROR_UNTRUSTED
                          ? g_strdup(error->message)
                          : g_strdup_printf("it cannot be read (%s)", error->message);
    tell(witness);
}

/* The first loss is the one to tell: from there on the log is another one.  A row says so once: of a registry that was
 * put back by hand its opening has written one already, and after a kill the file says the same as before. */
static void lose(MgrWitness *witness, const MgrAuditHead *now)
{
    g_autofree char *head = mgr_audit_head_print(&witness->last);
    HlDb *db = mgr_record_committed(witness->record);
    bool is_said = false;

    if (witness->lost == NULL)
        HL_IGNORE(mgr_registry_knows_audit_gap(db, head, &witness->is_put_back, NULL));
    if (!witness->is_put_back && (!mgr_registry_knows_audit_loss(db, head, &is_said, NULL) || !is_said))
        mgr_write_audit_loss(mgr_record_background(witness->record), mgr_fleet_latest(witness->fleet), head);
    if (witness->lost == NULL)
        witness->lost = now->number < witness->last.number
                            ? g_strdup_printf("it ended with row %" PRId64 ", and ends with row %" PRId64 " now (head "
                                              "%s)",
                                              witness->last.number, now->number, head)
                            : g_strdup_printf("row %" PRId64 " was another one (head %s)", witness->last.number, head);
    witness->noted = -1; /* the file names what is lost */
    tell(witness);
}

static void tell_head(const MgrWitness *witness)
{
    GBytes *hash = witness->last.hash;
    g_autofree char *text = hash != NULL ? hl_hex(g_bytes_get_data(hash, NULL), g_bytes_get_size(hash)) : g_strdup("");

    mgr_status_set_audit(witness->status,
                         json_pack("{s:I, s:s}", "rows", (json_int_t)witness->last.number, "hash", text));
}

/* false: it cannot be read. */
static bool look(MgrWitness *witness)
{
    HlDb *db = mgr_record_committed(witness->record);
    g_auto(MgrAuditHead) now = { 0 };
    g_autoptr(GError) error = NULL;
    bool has;

    witness->look_mono = hl_clock_mono();
    if (!mgr_registry_has_audit_head(db, &witness->last, &has, &error) ||
        !mgr_registry_read_audit_head(db, &now, &error)) {
        set_broken(witness, error);
        return false;
    }
    if (!has) {
        lose(witness, &now);
        witness->look_mono -= LOOK_EVERY - LOOK_AGAIN;
    }
    mgr_audit_head_clear(&witness->last);
    witness->last = now;
    now = (MgrAuditHead){ 0 };
    tell_head(witness);
    return true;
}

void mgr_witness_look(MgrWitness *witness)
{
    HL_IGNORE(look(witness));
}

void mgr_witness_close(MgrWitness *witness)
{
    witness->is_closed = look(witness);
}

static void begin_turn(MgrWitness *witness, HlTime at)
{
    mgr_audit_head_clear(&witness->at);
    witness->turn_mono = at;
}

/* A part of the chain; a row that comes meanwhile is of this turn or the next. */
static void walk(MgrWitness *witness)
{
    int64_t before = witness->at.number;
    g_autoptr(GError) error = NULL;
    HlTime next = hl_clock_mono() + MGR_WITNESS_PAUSE;

    if (!mgr_registry_follow_audit(mgr_record_committed(witness->record), &witness->at, MGR_WITNESS_ROWS, &error)) {
        set_broken(witness, error);
        begin_turn(witness, next);
    } else if (witness->at.number - before < MGR_WITNESS_ROWS) {
        set_broken(witness, NULL);
        begin_turn(witness, next);
    }
}

static bool write_head(MgrWitness *witness, const MgrAuditHead *head)
{
    g_autoptr(GError) error = NULL;

    if (mgr_site_write_audit_head(witness->dir, head, &error))
        return true;
    witness->noted = -1; /* it is tried again */
    hl_log_limited(HL_LOG_WARN, "audit", "head", "%s: whether rows are cut off until the next start will not be known",
                   error->message);
    return false;
}

/* A head on its way to the file: behind a durable change, with which all is durable that was committed before. */
typedef struct {
    MgrWitness *witness;
    MgrAuditHead head;
} Note;

static void fold_note(gpointer change)
{
    const Note *note = change;
    MgrWitness *witness = note->witness;

    if (!write_head(witness, &note->head) || witness->has_file)
        return;
    witness->has_file = true;
    witness->noted = -1; /* from the next time on it is missed */
}

static void fail_note(gpointer change, const GError *error)
{
    ((const Note *)change)->witness->noted = -1; /* it is tried again */
    hl_log_limited(HL_LOG_WARN, "audit", "note", "where the log ends is not written down: %s", error->message);
}

static void free_note(gpointer change)
{
    Note *note = change;

    mgr_audit_head_clear(&note->head);
    g_free(note);
}

/* The registry says that there is a file after there is one: killed between the two, nothing would be missing. */
static void begin_note(MgrWitness *witness)
{
    static const MgrChangeKind kind = { fold_note, fail_note, free_note };
    Note *note = g_new(Note, 1);
    HlWriteSet *set = hl_write_set_new();

    *note = (Note){ witness, { witness->last.number, g_bytes_ref(witness->last.hash) } };
    witness->noted = witness->last.number;
    mgr_write_audit_noted(set, witness->has_file ? witness->last.number : 0);
    mgr_record_commit(witness->record, set, &kind, note);
}

void mgr_witness_tick(MgrWitness *witness)
{
    HlTime now = hl_clock_mono();

    if (now - witness->note_mono >= NOTE_EVERY) {
        witness->note_mono = now;
        if (witness->last.hash != NULL && witness->last.number != witness->noted)
            begin_note(witness);
    }
    if (now - witness->look_mono >= LOOK_EVERY)
        mgr_witness_look(witness);
    if (now >= witness->turn_mono)
        walk(witness);
}

/* Of one that is damaged, or gone, nothing is known, and that is told: it hides what was cut off. */
static void recall_head(MgrWitness *witness, HlDb *db)
{
    g_autoptr(GError) error = NULL;

    if (mgr_site_recall_audit_head(witness->dir, db, &witness->last, &error))
        return;
    hl_warn("audit", "%s: whether rows were cut off while no manager ran is not known", error->message);
    witness->lost = g_strdup("the file audit.head beside it is damaged or missing, so whether rows were cut off while "
                             "no manager ran is not known");
    tell(witness);
}

/* From now on rows follow. */
static void recall(MgrWitness *witness)
{
    HlDb *db = mgr_record_committed(witness->record);
    g_autofree char *closed = mgr_site_path(witness->dir, MGR_SITE_AUDIT_CLOSED);
    g_autoptr(GError) error = NULL;

    recall_head(witness, db);
    if (!mgr_site_check_audit_end(witness->dir, db, &witness->last, &error)) {
        witness->lost = g_strdup(error->message);
        tell(witness);
    }
    if (unlink(closed) != 0 && errno != ENOENT)
        hl_warn("audit", "%s cannot be removed: %s", closed, g_strerror(errno));
}

/* What the file has; a registry that does not know of it is told. */
static void find_noted(MgrWitness *witness)
{
    int64_t known = 0;
    bool is_known = mgr_registry_read_audit_noted(mgr_record_committed(witness->record), &known, NULL) && known > 0;

    witness->has_file = is_known || witness->last.number > 0;
    witness->noted = is_known ? witness->last.number : -1;
}

MgrWitness *mgr_witness_new(const MgrWitnessOptions *options)
{
    MgrWitness *witness = g_new0(MgrWitness, 1);

    witness->dir = g_strdup(options->dir);
    witness->fleet = options->fleet;
    witness->record = options->record;
    witness->status = options->status;
    recall(witness);
    find_noted(witness);
    witness->note_mono = hl_clock_mono();
    mgr_witness_look(witness);
    return witness;
}

void mgr_witness_free(MgrWitness *witness)
{
    if (witness == NULL)
        return;
    if (witness->last.number > 0 && write_head(witness, &witness->last) && witness->is_closed)
        HL_IGNORE(mgr_site_close_audit(witness->dir, &witness->last, NULL)); /* without it as after a kill */
    mgr_audit_head_clear(&witness->last);
    mgr_audit_head_clear(&witness->at);
    g_free(witness->dir);
    g_free(witness->lost);
    g_free(witness->broken);
    g_free(witness);
}
