// SPDX-License-Identifier: Apache-2.0
// The main path in Firefox, over WebDriver BiDi.
import { order, PATIENCE, play, Session } from './session.mjs';

const session = await Session.open({ firefox: true, quiet: true });
const { page } = session;
const click = async (selector) => (await page.waitForSelector(selector, { timeout: PATIENCE })).click();
const row = (text) => session.until((part) => document.querySelector('.grid-body .grid-row')?.textContent.includes(part), text);

await play(session, 'in Firefox', async () => {
    await session.signIn();
    session.where = 'the documented way';
    await click('.main-nav a[data-key=endpoints]');
    await row('Online');
    await click('.tree a[href*="group=office"]');
    await click('.group-bar a[href*=privileges]');
    await click('input[name="privilege.update-now"]');
    await click('form.card button[type=submit]');
    await page.waitForSelector('form.card .notice.good', { timeout: PATIENCE });
    await session.picture('firefox-saved');
    session.where = 'a change';
    await click('.main-nav a[data-key=endpoints]');
    await row('Online');
    await order('endpoint', 'off');
    await row('Offline');
    await order('endpoint', 'on');
    await row('Online');
    await session.picture('firefox-list');
});
