// SPDX-License-Identifier: Apache-2.0
// The codes of the documents in the reader's words.  A code that is not here (of a newer server) is shown as it is.

import { N_, tr } from './i18n.js';
import { own, visible } from './text.js';

const TABLES = {
    displayed: {
        'online': N_('Online'),
        'offline': N_('Offline'),
        'unreachable-online': N_('Unreachable/Online'),
        'unreachable-offline': N_('Unreachable/Offline'),
        'independent': N_('Independent'),
        'inactive': N_('Inactive'),
    },
    actual: {
        'online': N_('Online'),
        'stale': N_('Stale'),
        'offline': N_('Offline'),
        'never-seen': N_('Never seen'),
    },
    verdict: {
        'agree-online': N_('Agree: online'),
        'agree-offline': N_('Agree: offline'),
        'hidden-by-nat': N_('Hidden by NAT'),
        'ghost-online': N_('Ghost online'),
        'wrong-host': N_('Wrong host'),
        'unverified': N_('Unverified'),
    },
    reach: {
        'reachable': N_('Reachable'),
        'refused': N_('Refused'),
        'timeout': N_('No answer'),
        'no-route': N_('No route'),
        'wrong-host': N_('Wrong host'),
        'not-probed': N_('Not dialled'),
    },
    path: {
        'channel': N_('by its line'),
        'direct': N_('by direct dial'),
        'update-notification': N_('with an update notification'),
        'poll': N_('by its poll'),
        'bundle': N_('with the bundle'),
    },
    state: {
        'queued': N_('Queued'),
        'sent': N_('Sent'),
        'received': N_('Received'),
        'started': N_('Started'),
        'succeeded': N_('Succeeded'),
        'failed': N_('Failed'),
        'rejected': N_('Rejected'),
        'timed-out': N_('Timed out'),
        'expired': N_('Expired'),
        'cancelled': N_('Cancelled'),
    },
    kind: {
        'update-now': N_('Update Now'),
        'rollback': N_('Roll-back'),
        'synchronize': N_('Synchronize with server'),
        'scan': N_('Scan now'),
        'stop-scan': N_('Stop scan'),
        'quarantine-restore': N_('Restore from quarantine'),
        'quarantine-delete': N_('Delete from quarantine'),
    },
    rollout: {
        'running': N_('Running'),
        'soaking': N_('Soaking'),
        'paused': N_('Paused'),
        'halted': N_('Halted'),
        'aborted': N_('Aborted'),
        'done': N_('Complete'),
    },
    outcome: {
        'pending': N_('Not yet'),
        'waiting': N_('Waits for the window'),
        'away': N_('Away'),
        'open': N_('Has it'),
        'succeeded': N_('Succeeded'),
        'failed': N_('Failed'),
        'silent': N_('Silent'),
        'left': N_('Left out'),
    },
    why: {
        'word': N_('Says so itself'),
        'versions': N_('Still has old patterns'),
        'upgrade': N_('Its upgrade failed'),
        'refusal': N_('Refuses the settings'),
    },
    note: {
        offline: N_('Endpoints offline'),
        outdated: N_('Endpoints outdated'),
        detection: N_('Detections'),
        enrolled: N_('Enrolments'),
        clone: N_('Clones'),
        revoked: N_('Revoked certificates'),
        removed: N_('Removed endpoints'),
        blind: N_('Server hears no endpoint'),
        broker: N_('Trouble with a broker'),
        disk: N_('Disk nearly full'),
        repository: N_('Repository signature ages'),
        'patterns-old': N_('No new patterns'),
        'upgrade-failed': N_('Upgrade of the program failed'),
        'rollout-halted': N_('Roll-outs halted'),
        'rollout-done': N_('Roll-outs done'),
        end: N_('Something ends soon'),
        audit: N_('Audit log is not what was written'),
        clock: N_('Clock of the server is behind'),
        files: N_('Files of the repository are missing'),
        account: N_('Changes of accounts'),
        denied: N_('Calls that were denied'),
    },
    notification: {
        ok: N_('In order'),
        failing: N_('Failing'),
        partial: N_('Not to all'),
        disabled: N_('Disabled'),
    },
    message: {
        'gathering': N_('Gathering'),
        'waiting': N_('Waiting'),
        'sent': N_('Sent'),
        'given-up': N_('Given up'),
    },
    detection: {
        'open': N_('Open'),
        'acknowledged': N_('Acknowledged'),
        'removed': N_('Endpoint removed'),
    },
    done: {
        'reported': N_('Reported only'),
        'quarantined': N_('Quarantined'),
        'quarantine-failed': N_('Could not be quarantined'),
    },
    role: {
        'owner': N_('Owner'),
        'administrator': N_('Administrator'),
        'operator': N_('Operator'),
        'auditor': N_('Auditor'),
    },
    bundle: {
        'valid': N_('Valid'),
        'used up': N_('Used up'),
        'expired': N_('Expired'),
        'withdrawn': N_('Withdrawn'),
    },
    account: {
        'enabled': N_('Enabled'),
        'disabled': N_('Disabled'),
    },
    broker: {
        up: N_('In order'),
        away: N_('Not heard'),
        drained: N_('Drained'),
    },
    happened: {
        'enrolled': N_('Enrolment'), // not 'Enrolled', which is a date where it stands on a page
        'registration': N_('Registration'),
        'dial': N_('Direct dial'),
        'notify': N_('Direct dial'),
        'certificate': N_('Certificate'),
        'folded': N_('Left out'),
        'reports': N_('Reports'),
        'unknown': N_('Unknown endpoint'),
        'settings': N_('Settings'),
        'status': N_('Actual status'),
        'displayed': N_('Displayed status'),
        'observed': N_('Source address'),
        'update': N_('Update'),
        'update-now': N_('Update Now'),
        'rollback': N_('Roll-back'),
        'synchronize': N_('Synchronize with server'),
        'scan': N_('Scan'),
        'acknowledged': N_('Acknowledged'),
        'moved': N_('Moved'),
        'revoked': N_('Certificate revoked'),
        'clone': N_('Clone'),
        'detection': N_('Detection'),
        'quarantine': N_('Quarantine'),
        'command': N_('Command'),
        'upgrade': N_('Upgrade of the program'),
        'upgrade-failed': N_('Upgrade of the program failed'),
        'flooding': N_('Flooding'),
        'refusal': N_('Refused'),
        'removed': N_('Endpoint removed'),
        'came-back': N_('Certificate renewed late'),
        'came-late': N_('Certificate not renewed'),
        'reachability': N_('Push reachability'),
        'verdict': N_('Verdict'),
        'tombstone': N_('Removed from the console'),
        'returned': N_('Registered again'),
        'repository': N_('Signature of the repository'),
        'owner': N_('Another owner'),
        'audit': N_('Audit log'),
        'end': N_('End of a certificate or signature'),
        'account': N_('Account'),
        'rollout': N_('Roll-out'),
        'rollout-done': N_('Roll-out'),
        'rollout-halted': N_('Roll-out'),
    },
    audit: {
        whole: N_('Whole again'),
        broken: N_('Not what was written'),
    },
    signature: {
        good: N_('In order'),
        ageing: N_('Ageing'),
        ahead: N_('Of the future'),
        expired: N_('Expired'),
    },
    component: {
        'virus': N_('Virus pattern'),
        'virus-agent': N_('Smart scan agent pattern'),
        'agent': N_('Smart scan agent pattern'),
        'rules': N_('Rules'),
    },
    weekday: {
        mon: N_('Monday'),
        tue: N_('Tuesday'),
        wed: N_('Wednesday'),
        thu: N_('Thursday'),
        fri: N_('Friday'),
        sat: N_('Saturday'),
        sun: N_('Sunday'),
    },
    how: {
        'manual': N_('By hand'),
        'schedule': N_('By schedule'),
        'command': N_('By command'),
        'other': N_('Other'),
    },
    scan: {
        'never': N_('Never scanned'),
        'completed': N_('Completed'),
        'failed': N_('Failed'),
        'stopped': N_('Stopped'),
        'other': N_('Other'),
    },
    end: {
        'admin': N_('Certificate of an account'),
        'monitor': N_('Certificate of a monitor'),
        'console': N_('Certificate of a console'),
        'server': N_('Certificate of the server'),
        'manager': N_('Certificate of the manager'),
        'ca': N_('Certificate authority'),
        'root': N_('Repository: root'),
        'targets': N_('Repository: targets'),
        'snapshot': N_('Repository: snapshot'),
        'timestamp': N_('Repository: timestamp'),
        'component': N_('Signature of patterns'),
    },
    grade: {
        'quiet': N_('In order'),
        'near': N_('Ends soon'),
        'urgent': N_('Ends very soon'),
        'past': N_('Has ended'),
    },
    line: {
        'up': N_('Up'),
        'no-broker': N_('No broker'),
        'no-manager': N_('No manager'),
    },
    certificate: {
        'valid': N_('Valid'),
        'renewal-due': N_('Renewal due'),
        'disabled': N_('Disabled'),
        'expired': N_('Expired'),
        'authority-ended': N_('Authority has ended'),
    },
    // Why an endpoint's actual status changed.
    reason: {
        'birth': N_('connected'),
        'heartbeat': N_('heartbeat'),
        'echo': N_('answered'),
        'heartbeat-late': N_('heartbeat late'),
        'clean-stop': N_('closed its line'),
        'line-lost': N_('line lost'),
        'keepalive': N_('silent'),
        'replaced': N_('replaced'),
        'revoked': N_('Certificate revoked'),
        'flooding': N_('Flooding'),
        'server-blind': N_('Not heard since the server was away'),
    },
};

// word('actual', 'never-seen') -> "Never seen"
export function word(table, code) {
    const text = own(TABLES[table], code);
    return text === undefined ? String(code ?? '') : tr(text);
}

export const codes = (table) => Object.keys(TABLES[table]);

// How a state looks: good, busy, warn, bad, off.  Colour only repeats what the word says.
const TONES = {
    actual: { 'online': 'good', 'stale': 'warn', 'offline': 'off', 'never-seen': 'off' },
    displayed: { 'online': 'good', 'unreachable-online': 'good', 'independent': 'good' },
    verdict: {
        'agree-online': 'good', 'hidden-by-nat': 'info', 'ghost-online': 'bad', 'wrong-host': 'bad', 'unverified': 'warn',
    },
    state: {
        'succeeded': 'good', 'started': 'info', 'received': 'info', 'failed': 'bad', 'rejected': 'bad', 'timed-out': 'bad',
        'expired': 'warn',
    },
    rollout: { running: 'info', soaking: 'info', paused: 'warn', halted: 'bad', done: 'good' },
    outcome: { open: 'info', succeeded: 'good', failed: 'bad', silent: 'bad', left: 'warn' },
    notification: { ok: 'good', partial: 'warn', failing: 'bad' },
    message: { 'sent': 'good', 'waiting': 'info', 'given-up': 'bad' },
    detection: { open: 'bad', acknowledged: 'good' },
    bundle: { valid: 'good' },
    certificate: { 'valid': 'good', 'renewal-due': 'info', 'expired': 'bad' },
    account: { enabled: 'good' },
    broker: { up: 'good', away: 'bad' },
    scan: { completed: 'good', failed: 'bad', stopped: 'warn' },
    audit: { whole: 'good', broken: 'bad' },
    signature: { good: 'good', ageing: 'warn', ahead: 'warn', expired: 'bad' },
    grade: { quiet: 'good', near: 'warn', urgent: 'bad', past: 'bad' },
    line: { 'up': 'good', 'no-broker': 'bad', 'no-manager': 'bad' },
};

export function tone(table, code) {
    return own(TONES[table], code) ?? 'off';
}

// What a request was refused for, when the server's own words are not to be had in the reader's language.
const PROBLEMS = {
    'offline': N_('The server does not answer.  Try again in a moment: nothing that you entered is lost.'),
    'sign-in': N_('Account, password or one-time code is not right, or the account is held up for a while after failures.'),
    'unavailable': N_('The manager cannot be reached at present.  Try again in a moment: nothing that you entered is lost.'),
    'timeout': N_('The manager did not answer in time.  Try again in a moment.'),
    'denied': N_('Your role does not allow this.'),
    'not-found': N_('This does not exist, or not any longer.'),
    'exists': N_('This name is taken already.'),
    'conflict': N_('This has been changed in the meantime, or does not fit what is under way.'),
    'limit': N_('Too many requests.  Wait a moment, then try again.'),
    'invalid': N_('The server refused a value.'),
    'quota': N_('There are as many of these as there can be.  Delete one first.'),
    'too-large': N_('This is too much at once.  Ask for less.'),
    'once.done': N_('This was done, but its answer is lost.  Look at what is there now.'),
    'call.cut': N_('The manager cannot be reached at present.  Try again in a moment: nothing that you entered is lost.'),
    'call.unknown': N_('The server is older than the console.'),
    'call.no-argument': N_('The server is older than the console.'),
    'expired': N_('This has expired.'),
};

export const hasOwnWords = ({ sentence, code }) => sentence in PROBLEMS || code === 'offline';

export function problemText(problem) {
    const { sentence, code, message, isWorded } = problem;
    return isWorded && !(sentence in PROBLEMS) ? visible(message) : tr(own(PROBLEMS, sentence) ?? own(PROBLEMS, code) ?? N_('The request failed.'));
}
