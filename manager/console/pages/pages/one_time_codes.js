// SPDX-License-Identifier: Apache-2.0
// The second half of a sign-in, for one's own account: set up with an app, and ended.

import { get, post } from '../api.js';
import { drawing, h } from '../dom.js';
import { tr } from '../i18n.js';
import { ownPassword } from '../password.js';
import { narrow, whoIsIt } from '../session.js';
import { announce, button, card, dialog, field } from '../ui.js';

// A part of the administration's page.
export async function oneTimeCodes(draw) {
    const { codes } = await get('/me');
    return card(null, h('p', {}, tr('With one-time codes a password alone is not enough to sign in: an app on your phone makes a code every 30 seconds.')),
        h('p', {}, codes ? tr('You sign in with one-time codes.') : tr('You sign in with the password alone.')),
        h('div', { class: 'actions start' }, codes
            ? button(tr('Sign in without them again'), () => endCodes(draw), { class: 'danger-text' })
            : button(tr('Set up one-time codes'), () => setUpCodes(draw), { class: 'primary' })));
}

const codeInput = () => h('input', { type: 'text', required: true, inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[\\p{Nd}\\p{Zs}]{6,8}', maxlength: 8 });

async function setUpCodes(draw) {
    const { secret, uri, picture } = await post('/codes');
    const code = codeInput();
    const password = ownPassword();
    const done = await dialog({
        title: tr('Set up one-time codes'),
        content: [h('p', {}, tr('Take the picture with the app, or enter this key there. It is shown this once.')),
            picture && drawing(picture.path, picture.side, { 'class': 'qr', 'role': 'img', 'aria-label': tr('The key as a picture') }),
            h('p', { class: 'path' }, h('code', {}, secret.match(/.{1,4}/g).join(' '))),
            h('p', { class: 'path' }, h('a', { href: uri }, tr('Open in the app'))),
            field(tr('One-time code'), code, tr('What the app shows now. Codes count from then on.')), password.node],
        action: tr('Confirm'),
        submit: () => post('/codes:confirm', { code: narrow(code), password: password.value() }),
    });
    if (!done)
        return;
    announce(tr('From now on you sign in with a one-time code.'));
    await draw();
}

async function endCodes(draw) {
    const code = codeInput();
    const done = await dialog({
        title: tr('Sign in without them again'),
        content: field(tr('One-time code'), code, tr('Without the app, an owner can do it for you.')),
        action: tr('Remove'),
        danger: true,
        submit: () => post('/codes:delete', { name: whoIsIt().account, code: narrow(code) }),
    });
    if (!done)
        return;
    announce(tr('You sign in with the password alone.'));
    await draw();
}
