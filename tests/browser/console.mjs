// SPDX-License-Identifier: Apache-2.0
// console.mjs ADDRESS NAME PASSWORD DIRECTORY: through every page of the console; pictures go to the directory.
import fs from 'node:fs';
import puppeteer from 'puppeteer-core';

const [address, account, password, directory] = process.argv.slice(2);
const axe = fs.readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PAGES = ['live', 'endpoints', 'endpoints?group=office', 'endpoints?filter=actual%3Aonline', 'endpoints/ID', 'groups/office/privileges',
    'groups/office/update', 'groups/office/scan', 'groups/office/line', 'groups/office/delivery', 'updates', 'scans', 'scans/detections',
    'scans/quarantine', 'commands', 'enrolment', 'reports', 'reports/compliance', 'reports/offline', 'reports/detections', 'administration',
    'administration/sessions', 'administration/tokens', 'administration/certificates', 'administration/audit', 'administration/health'];
const PATIENCE = 20000;
const problems = [];

const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', headless: true, acceptInsecureCerts: true,
    args: ['--disable-gpu', '--ignore-certificate-errors'], userDataDir: `${directory}/profile`, protocolTimeout: 60000 });
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 900 });
let where = 'sign-in';
page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`));
page.on('console', (message) => message.type() === 'error' && !/status of 401/.test(message.text()) && problems.push(`${where}: ${message.text()}`));
page.on('response', (reply) => reply.status() >= 400 && reply.status() !== 401 &&
    problems.push(`${where}: ${reply.status()} ${reply.request().method()} ${reply.url()}`));

// The page's own policy lets no other script in, so the checker runs in a world of its own.
async function check() {
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

async function show(path) {
    await page.evaluate((hash) => { location.hash = hash; }, `#/${path}`);
    await page.waitForFunction((hash) => location.hash === hash && document.querySelector('#main h1, #main h2'), { timeout: PATIENCE }, `#/${path}`);
    await page.waitForNetworkIdle({ idleTime: 150, concurrency: 1, timeout: PATIENCE }); // the event stream stays
}

await page.goto(address, { waitUntil: 'networkidle2' });
await check();
await page.screenshot({ path: `${directory}/sign-in.png` });
await page.type('input[name=username]', account);
await page.type('input[name=password]', 'not the password');
await page.click('button[type=submit]');
await page.waitForSelector('.sign-in [role=alert], .sign-in .notice', { timeout: PATIENCE });
await page.type('input[name=password]', password);
await page.click('button[type=submit]');
await page.waitForSelector('nav.main-nav', { timeout: PATIENCE });
const id = await page.evaluate(async () => (await (await fetch('/api/v1/endpoints')).json()).rows[0].id);

for (const [language, scheme] of [['en', 'light'], ['ja', 'dark']]) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.select('.top-end select', language);
    await page.waitForFunction((code) => document.documentElement.lang === code, { timeout: PATIENCE }, language);
    for (const path of PAGES) {
        where = `${language} ${path}`;
        await show(path.replace('ID', id));
        await check();
        await page.screenshot({ path: `${directory}/${language}-${path.replace(/[^a-z]+/g, '-')}.png` });
    }
}

where = 'the documented way';
await show('groups/office/privileges');
await page.click('input[name="privilege.update-now"]');
await page.click('form.card button[type=submit]');
await page.waitForSelector('form.card .notice.good, form.card .notice.bad', { timeout: PATIENCE });
await page.screenshot({ path: `${directory}/saved.png` });
await browser.close();
for (const problem of problems)
    console.log(problem);
console.log(`${2 * PAGES.length} pages, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
