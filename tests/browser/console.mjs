// SPDX-License-Identifier: Apache-2.0
// Every page in both languages and colour schemes, and the documented way of a privilege by mouse.
import fs from 'node:fs';
import { account, address, PAGES, PATIENCE, password, play, Session } from './session.mjs';

const axe = fs.readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

// The page's own policy lets no other script in, so the checker runs in a world of its own.
async function check({ page, where, problems }) {
    const world = await page.createCDPSession();
    const { frameTree } = await world.send('Page.getFrameTree');
    const { executionContextId } = await world.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
    await world.send('Runtime.evaluate', { expression: axe, contextId: executionContextId });
    const { result, exceptionDetails } = await world.send('Runtime.evaluate', { contextId: executionContextId, awaitPromise: true,
        returnByValue: true, expression: `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then((result) => ({
            passes: result.passes.length,
            violations: result.violations.map((row) => row.id + ' ' + row.nodes[0].html.slice(0, 120)) }))` });
    await world.detach();
    if (exceptionDetails || result.value.passes === 0)
        throw new Error(`${where}: the checker did not run: ${JSON.stringify(exceptionDetails)}`);
    problems.push(...result.value.violations.map((text) => `${where}: ${text}`));
}

const session = await Session.open();
await play(session, `${2 * PAGES.length} pages`, async ({ page }) => {
    await page.goto(address, { waitUntil: 'networkidle2' });
    await check(session);
    await session.picture('sign-in');
    await page.type('input[name=username]', account);
    await page.type('input[name=password]', 'not the password');
    await page.click('button[type=submit]');
    await page.waitForSelector('.sign-in [role=alert], .sign-in .notice', { timeout: PATIENCE });
    await session.signIn();

    for (const [language, scheme] of [['en', 'light'], ['ja', 'dark']]) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        await session.speak(language);
        for (const path of PAGES) {
            session.where = `${language} ${path}`;
            await session.show(path);
            await check(session);
            await session.picture(`${language}-${path.replace(/[^a-z]+/g, '-')}`);
        }
    }

    session.where = 'the documented way';
    await session.show('groups/office/privileges');
    await page.click('input[name="privilege.update-now"]');
    await page.click('form.card button[type=submit]');
    await page.waitForSelector('form.card .notice.good, form.card .notice.bad', { timeout: PATIENCE });
    await session.picture('saved');
});
