// SPDX-License-Identifier: Apache-2.0
// The console by keyboard alone: no mouse, no script moves the focus.
import { account, address, PATIENCE, password, play, Session } from './session.mjs';

const FAR = 80; // presses of Tab within which everything must be in reach

const session = await Session.open();

// What has the focus: its text or name, and whether the reader sees that it has it.
const focused = () => session.page.evaluate(() => {
    const node = document.activeElement;
    const style = getComputedStyle(node);
    const text = node.getAttribute('aria-label') ?? (node.name || (node.labels?.[0] ?? node).textContent.trim());
    const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return { text, tag: node.tagName, isSeen, isRow: node.classList.contains('grid') };
});

// Presses Tab until that has the focus; on the way each stop must be seen.
async function tabTo(text, back = false) {
    for (let presses = 0; presses < FAR; presses++) {
        const at = await focused();
        if (at.text === text || (text instanceof RegExp && text.test(at.text)))
            return;
        if (back)
            await session.page.keyboard.down('Shift');
        await session.page.keyboard.press('Tab');
        if (back)
            await session.page.keyboard.up('Shift');
        const now = await focused();
        session.expect(now.isSeen || now.isRow || ['BODY', 'MAIN'].includes(now.tag), `the focus on "${now.text.slice(0, 40)}" is not seen`);
    }
    throw new Error(`"${text}" is out of reach: the focus is at "${(await focused()).text.slice(0, 60)}"`);
}

const press = (key) => session.page.keyboard.press(key);
const shown = (heading) => session.until((text) => document.querySelector('#main h1')?.textContent === text, heading);

await play(session, 'by keyboard', async ({ page }) => {
    await page.goto(address, { waitUntil: 'load' });
    await page.waitForSelector('input[name=username]', { timeout: PATIENCE });
    session.expect((await focused()).text === 'username', 'the first field does not have the focus');
    await page.keyboard.type(account);
    await press('Tab');
    await page.keyboard.type(password);
    await press('Enter');
    await shown('Live Status');

    session.where = 'skip link';
    await tabTo('Skip to the content');
    await press('Enter');
    session.expect(await page.evaluate(() => document.activeElement.id === 'main'), 'it does not lead to the content');

    session.where = 'the documented way';
    await tabTo('Security Settings', true);
    await press('Enter');
    await shown('Security Settings');
    await tabTo(/^office/);
    await press('Enter');
    await session.until(() => document.querySelector('.group-bar h2')?.textContent === 'office');

    session.where = 'another order';
    await tabTo('Host name');
    await press('Enter');
    await session.until(() => document.querySelector('.grid-head [aria-sort=descending]') !== null);
    session.expect((await focused()).text === 'Host name', `the focus is at "${(await focused()).text.slice(0, 40)}"`);

    session.where = 'the documented way';
    await tabTo('Client Privileges', true);
    await press('Enter');
    await shown('Client Privileges');
    await tabTo('privilege.update-now');
    await press('Space');
    session.expect(await page.evaluate(() => document.activeElement.checked), 'Space does not tick');
    await tabTo('Discard changes');
    await press('Enter');
    await session.until(() => !document.querySelector('[name="privilege.update-now"]').checked);
    session.expect((await focused()).tag !== 'BODY', 'after Discard the focus is nowhere');
    await tabTo('privilege.update-now');
    await press('Space');
    await tabTo('Save');
    await press('Enter');
    await page.waitForSelector('form.card .notice.good', { timeout: PATIENCE });
    session.expect((await focused()).tag !== 'BODY', 'after Save the focus is nowhere');
    await session.picture('keyboard-saved');

    session.where = 'the long list';
    await tabTo('Security Settings', true);
    await press('Enter');
    await shown('Security Settings');
    await tabTo('Endpoints');
    await press('Space');
    await session.until(() => document.querySelector('.grid-row[aria-selected=true]') !== null);
    await tabTo(/^Update Now/, true);
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await press('Escape');
    await session.until(() => document.querySelector('dialog') === null);
    session.expect(/^Update Now/.test((await focused()).text), `a closed dialog leaves the focus at "${(await focused()).text.slice(0, 40)}"`);
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await tabTo(await page.evaluate(() => document.querySelector('dialog button[type=submit]').textContent));
    await press('Enter');
    await shown('Update Now'); // the command's page
    await tabTo('Security Settings', true);
    await press('Enter');
    await shown('Security Settings');
    await tabTo('Endpoints');
    await press('Enter');
    await session.until(() => location.hash.startsWith('#/endpoints/e-'));

    session.where = 'a roll-out';
    await tabTo('Roll-outs', true);
    await press('Enter');
    await shown('Roll-outs');
    await tabTo('New roll-out');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await tabTo('Start');
    await press('Enter');
    await session.until(() => location.hash.startsWith('#/rollouts/r-') && document.querySelector('main .badge') !== null);
    await tabTo(/^(Pause|Again for|Abort|Roll back)/);
    await tabTo('Abort');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await press('Escape');
    await session.until(() => document.querySelector('dialog') === null);
    session.expect((await focused()).text === 'Abort', `a closed dialog leaves the focus at "${(await focused()).text.slice(0, 40)}"`);
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await tabTo('Abort');
    await press('Enter');
    await session.says('Somebody ended it');
    await session.until(() => document.querySelector('main .badge').textContent === 'Aborted');

    session.where = 'a notification';
    await tabTo('Administration', true);
    await press('Enter');
    await shown('Administration');
    await tabTo('Notifications');
    await press('Enter');
    await session.says('New notification'); // before that the new page takes the focus to its beginning
    await tabTo('New notification');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
    await page.keyboard.type('keys');
    await tabTo('to');
    await page.keyboard.type('syslog:');
    await press('Enter');
    await shown('keys');
    await tabTo('quiet');
    await page.keyboard.type('22:00-06:00');
    await tabTo('Save');
    await press('Enter');
    await session.says('The notification is saved.');
    session.expect((await focused()).tag !== 'BODY', 'after Save the focus is nowhere');
    await tabTo('Delete', true);
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await tabTo('Delete');
    await press('Enter');
    await session.until(() => location.hash === '#/administration/notifications');

    session.where = 'tokens';
    await tabTo('API tokens');
    await press('Enter');
    await session.says('There are no tokens.');
    for (const name of ['one', 'two']) {
        await tabTo('New token');
        await press('Enter');
        await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
        await page.keyboard.type(name);
        await tabTo('Current password');
        await page.keyboard.type(password);
        await press('Enter');
        await session.says('It is shown only now.');
        await press('Enter'); // Close
        await session.until((text) => document.querySelector('dialog') === null && document.querySelector('tbody')?.textContent.includes(text), name);
        session.expect((await focused()).text === 'New token', `a token leaves the focus at "${(await focused()).text.slice(0, 40)}"`);
    }
    for (const next of ['Delete', '']) {
        await tabTo('Delete');
        await press('Enter');
        await session.until(() => document.querySelector('dialog[open]') !== null);
        await tabTo('Delete');
        await press('Enter');
        await session.until((rows) => document.querySelector('dialog') === null && document.querySelectorAll('tbody tr').length === rows, next ? 1 : 0);
        const { tag, text } = await focused();
        session.expect(next ? text === next : tag !== 'BODY', `a token that is deleted leaves the focus at ${tag} "${text.slice(0, 40)}"`);
    }

    session.where = 'an account';
    await tabTo('Accounts');
    await press('Enter');
    await session.says('New account');
    await tabTo('New account');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
    await page.keyboard.type('dora');
    await press('Tab');
    await page.keyboard.type('a long one of dora');
    await press('Enter');
    const asked = () => session.until(() => document.querySelectorAll('dialog').length === 2 && document.activeElement.type === 'password' &&
        [...document.querySelectorAll('dialog')].at(-1).textContent.includes('this needs your password again'));
    await asked(); // over the form, which waits for it
    await page.keyboard.type('not the password');
    await press('Enter');
    await page.waitForSelector('dialog .notice.bad', { timeout: PATIENCE });
    await session.forgive(403, 1);
    await press('Escape');
    await session.until(() => document.querySelectorAll('dialog').length === 1);
    await session.says('this needs your password again'); // what the form was refused for
    session.expect(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)), 'the form has lost the focus');
    await tabTo('Create');
    await press('Enter');
    await asked();
    await page.keyboard.type(password);
    await press('Enter');
    await session.says('The account is created.');
    await session.forgive(400, 2);
    await session.until(() => document.querySelector('dialog') === null);
    await tabTo('Disable'); // of the first account
    while (!await page.evaluate(() => document.activeElement.closest('tr')?.textContent.includes('dora'))) {
        await press('Tab');
        await tabTo('Disable');
    }
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]') !== null);
    await tabTo('Disable');
    await page.evaluate(() => { // as if she had made some
        const plain = window.fetch;
        window.fetch = async (...asked) => {
            const reply = await plain(...asked);
            return asked[0].endsWith('/disabling') ?
                new Response(JSON.stringify({ ...await reply.json(), bundles: ['b-left'], accounts: ['helper'] }), reply) : reply;
        };
    });
    await press('Enter');
    await session.until(() => /b-left.*helper/s.test(document.querySelector('dialog')?.textContent)); // and is not asked again
    session.expect(await page.evaluate(() => document.body.textContent.includes('The account is disabled.')), 'not said');
    await tabTo('Close');
    await press('Enter');
    await session.until(() => document.querySelector('dialog') === null);

    session.where = 'another password';
    await tabTo(new RegExp(`^${account}`), true);
    await press('Enter');
    await tabTo('Change password');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
    await page.keyboard.type('not the password');
    await press('Tab');
    await page.keyboard.type(`${password}, another`);
    await press('Enter');
    await page.waitForSelector('dialog .notice.bad', { timeout: PATIENCE });
    await session.forgive(403, 1);
    await press('Escape');
    await session.until(() => document.querySelector('dialog') === null);
    await tabTo(new RegExp(`^${account}`), true);
    await press('Enter');
    await tabTo('Change password');
    await press('Enter');
    await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
    await page.keyboard.type(password);
    await press('Tab');
    await page.keyboard.type(`${password}, another`);
    await press('Enter');
    await session.says('Your session has ended'); // by itself, and it says what else did
    await session.says('The password is changed. 1 session has ended.');
    await page.keyboard.type(`${password}, another`);
    await press('Enter');
    await session.until(() => document.querySelector('dialog') === null);

    session.where = 'sign out';
    await session.repeatMessages(); // of the password that was wrong: nothing is wrong here
    await tabTo(new RegExp(`^${account}`), true);
    await press('Enter');
    await tabTo('Sign out');
    await press('Enter');
    await session.until(() => document.querySelector('input[name=username]') !== null);
});
