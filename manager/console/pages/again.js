// SPDX-License-Identifier: Apache-2.0
// A command once more, for those that failed.  Pure.

const FAILED = new Set(['failed', 'rejected', 'timed-out', 'expired']);

// Kinds that can be issued again, and whether with a scope: an update of one component is a roll-out's alone.
const AGAIN = new Map([['update-now', false], ['scan', true], ['synchronize', false], ['rollback', false]]);

// document: a command with its targets -> { kind, ids, scope } of the one to issue, or null.  Where a command has targets that the reader
// may not see, selector and scope are empty: what it was about is not known.
export function again({ kind, selector, scope, targets }) {
    const ids = targets.filter(({ state }) => FAILED.has(state)).map(({ endpoint }) => endpoint);
    const isHidden = selector === '' && (kind === 'scan' || kind === 'update-now');
    if (ids.length === 0 || !AGAIN.has(kind) || isHidden || (scope && !AGAIN.get(kind)))
        return null;
    return scope ? { kind, ids, scope } : { kind, ids };
}
