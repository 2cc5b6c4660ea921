// SPDX-License-Identifier: Apache-2.0
// Another password: one's own, with the one that it replaces, or somebody's, as an owner may.

import { get, pathTo, post } from './api.js';
import { h } from './dom.js';
import { tr, trn } from './i18n.js';
import { explainEnd, whoIsIt } from './session.js';
import { visible } from './text.js';
import { announce, dialog, field, notice } from './ui.js';
import { problemText } from './words.js';

// { input, node, save(account, old) }: a field for one that is new.
export function newPassword(label) {
    const input = h('input', { type: 'password', required: true, minlength: 12, autocomplete: 'new-password' });
    return {
        node: field(label, input, tr('At least 12 characters.')),
        save: (account, old) => post(pathTo('accounts', account, 'password'), { password: input.value, old }),
    };
}

// { node, value() }: one's own once more, for what outlives the session.
export function ownPassword() {
    const input = h('input', { type: 'password', required: true, autocomplete: 'current-password' });
    return { node: field(tr('Current password'), input), value: () => input.value };
}

// Over the page, for what somebody who found it open must not do.  problem: what the server says of it.
export function proveAgain(problem) {
    const password = ownPassword();
    return dialog({
        title: tr('Password'),
        content: [h('p', {}, problemText(problem)), password.node],
        action: tr('Confirm'),
        submit: () => post('/session:prove', { password: password.value() }),
    });
}

export async function changePassword(account) {
    const old = account === whoIsIt().account ? ownPassword() : null;
    const fresh = newPassword(tr('New password'));
    const done = await dialog({
        title: old ? tr('Change password') : `${tr('Change password')}: ${visible(account)}`,
        content: [notice('info', tr('The sessions of this account end; its API tokens do not.')), old?.node, fresh.node],
        action: tr('Save'),
        submit: () => fresh.save(account, old?.value()),
    });
    if (!done)
        return;
    const { sessions, tokens } = done;
    const said = [tr('The password is changed.'), trn('{n} session has ended.', '{n} sessions have ended.', sessions),
        tokens > 0 && trn('{n} API token goes on.', '{n} API tokens go on.', tokens)].filter(Boolean).join(' ');
    announce(said);
    if (!old)
        return;
    explainEnd(said);
    await get('/me'); // this session has ended too: the page need not wait until something else finds out
}
