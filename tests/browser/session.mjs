// SPDX-License-Identifier: Apache-2.0
// A browser at the console: signs in, goes to pages, keeps what went wrong.  Every script here begins with Session.open() and ends with
// session.end(); its arguments are ADDRESS NAME PASSWORD DIRECTORY.
import fs from 'node:fs';
import readline from 'node:readline';
import puppeteer from 'puppeteer-core';

export const [address, account, password, directory] = process.argv.slice(2);
export const PATIENCE = 60000; // ms for what happens by itself: no measure of how fast

// Every page, by its address; ID is an endpoint's.
export const PAGES = ['live', 'endpoints', 'endpoints?group=office', 'endpoints?filter=actual%3Aonline', 'endpoints/ID', 'groups/office/privileges',
    'groups/office/update', 'groups/office/scan', 'groups/office/line', 'groups/office/delivery', 'groups/office/versions', 'updates', 'scans', 'scans/detections',
    'scans/quarantine', 'commands', 'rollouts', 'enrolment', 'reports', 'reports/compliance', 'reports/offline', 'reports/trend', 'reports/detections', 'administration',
    'administration/sessions', 'administration/tokens', 'administration/codes', 'administration/notifications',
    'administration/certificates', 'administration/audit', 'administration/health'];

const CHROMIUM = { executablePath: '/usr/bin/chromium', args: ['--disable-gpu', '--ignore-certificate-errors'] };
const FIREFOX = { executablePath: '/usr/bin/firefox-esr', product: 'firefox', protocol: 'webDriverBiDi' };

const axe = fs.readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }; // those that a colour scheme can break

// The page's own policy lets no other script in, so the checker runs in a world of its own, one for each document: the script is long.
async function worldOf(session) {
    session.protocol ??= await session.page.createCDPSession();
    const { frameTree: { frame } } = await session.protocol.send('Page.getFrameTree');
    if (session.world?.document !== frame.loaderId) {
        const { executionContextId } = await session.protocol.send('Page.createIsolatedWorld', { frameId: frame.id });
        await session.protocol.send('Runtime.evaluate', { expression: axe, contextId: executionContextId });
        session.world = { document: frame.loaderId, contextId: executionContextId };
    }
    return session.world.contextId;
}

// runOnly: of the rules, as axe takes it.
async function check(session, runOnly) {
    const { where, problems } = session;
    const contextId = await worldOf(session);
    const { result, exceptionDetails } = await session.protocol.send('Runtime.evaluate', { contextId, awaitPromise: true,
        returnByValue: true, expression: `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} }).then((result) => ({
            passes: result.passes.length,
            violations: result.violations.map((row) => row.id + ' ' + row.nodes[0].html.slice(0, 120)) }))` });
    if (exceptionDetails || result.value.passes === 0)
        throw new Error(`${where}: the checker did not run: ${JSON.stringify(exceptionDetails)}`);
    problems.push(...result.value.violations.map((text) => `${where}: ${text}`));
}

// In the page: words of three Latin letters or more that a reader of Japanese sees or hears, each with what is around it.  Not those of
// a name that somebody chose (bdi), of code, of an identifier, and of what is marked as English.
function latinWords(allowed) {
    const texts = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (element.closest('bdi, code, script, noscript, .secret, [lang=en], option[value=en]'))
            continue;
        if (node.nodeType === Node.TEXT_NODE)
            texts.push(node.data);
        else
            texts.push(...['title', 'aria-label', 'placeholder', 'alt'].map((name) => node.getAttribute(name) ?? ''));
    }
    const ids = /\b[a-z]-[0-9a-z]{6,}\b/g;
    return texts.flatMap((text) => (text.replace(ids, '').match(/[A-Za-z]{3,}/g) ?? [])
        .filter((word) => !allowed.includes(word)).map((word) => `"${word}" in "${text.trim().slice(0, 80)}"`));
}

// The product; protocols, formats, abbreviations that Japanese writes in Latin letters; units; names of the site.
const LATIN = ['Holdline', 'API', 'CSV', 'HTTPS', 'JSON', 'NAT', 'TLS', 'URL', 'Webhook', 'syslog', 'KiB', 'MiB', 'GiB',
    'Active', 'Update', 'home', 'admin', 'office', 'default'];

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Has the shell that started this do something, by the name of its function; -> what it printed.
export async function order(...words) {
    console.log(`order: ${words.join(' ')}`);
    return (await answers.next()).value.trim();
}

export class Session {
    problems = [];
    where = 'sign-in';
    #answered = new Set(); // status and address of each answer
    #unanswered = []; // messages of the browser about answers, { answer, text }

    // quiet: failed requests and the browser's complaints about them are what the test is about.
    static async open({ firefox = false, quiet = false } = {}) {
        const session = new Session();
        session.browser = await puppeteer.launch({ ...(firefox ? FIREFOX : CHROMIUM), headless: true, ignoreHTTPSErrors: true,
            userDataDir: firefox ? undefined : `${directory}/profile`, protocolTimeout: 2 * PATIENCE });
        session.page = await session.browser.newPage();
        session.page.setDefaultTimeout(PATIENCE); // a page's way to its end too
        await session.page.setViewport({ width: 1280, height: 900 });
        session.#listen(session.page, quiet);
        return session;
    }

    #listen(page, quiet) {
        const note = (text) => this.note(text);
        page.on('pageerror', (error) => note(error.message));
        if (quiet)
            return;
        page.on('console', (message) => message.type() === 'error' && this.#hear(message));
        page.on('response', (reply) => {
            this.#answered.add(`${reply.status()} ${reply.url()}`);
            // 401: nobody is signed in; 412: somebody else saved in between
            if (reply.status() >= 400 && ![401, 412].includes(reply.status()))
                note(`${reply.status()} ${reply.request().method()} ${reply.url()}`);
        });
    }

    // The browser has a message for each answer of an error too, before or after it, and it keeps them: who asks is told all of them once
    // more.  So a message tells nothing where there was such an answer; which there was is known at the end.
    #hear(message) {
        const [, status] = message.text().match(/^Failed to load resource: the server responded with a status of (\d+)/) ?? [];
        if (status)
            this.#unanswered.push({ answer: `${status} ${message.location().url}`, text: `${this.where}: ${message.text()}` });
        else
            this.note(message.text());
    }

    note(text) {
        this.problems.push(`${this.where}: ${text}`);
    }

    expect(condition, text) {
        if (!condition)
            this.note(text);
    }

    // Answers that were to come, at least so many.
    async forgive(status, least) {
        const isOne = (text) => text.includes(`: ${status} `);
        const isAll = () => this.problems.filter(isOne).length >= least;
        for (const end = Date.now() + PATIENCE; !isAll() && Date.now() < end;)
            await new Promise((done) => setTimeout(done, 50));
        this.expect(isAll(), `not ${least} answers with ${status}`);
        this.problems = this.problems.filter((text) => !isOne(text));
    }

    // What the browser has said so far it says again, as it does to whatever begins to listen.
    async repeatMessages() {
        for (const method of ['Log.disable', 'Log.enable'])
            await this.page._client().send(method);
    }

    // Waits until the page says so; what it never says is a problem with a picture.
    async until(condition, ...args) {
        return (await this.page.waitForFunction(condition, { timeout: PATIENCE }, ...args)).jsonValue();
    }

    async signIn(name = account) {
        await this.page.goto(address, { waitUntil: 'load' });
        await this.page.waitForSelector('input[name=username]', { timeout: PATIENCE });
        await this.page.type('input[name=username]', name);
        await this.page.type('input[name=password]', password);
        await this.page.click('button[type=submit]');
        await this.page.waitForSelector('nav.main-nav', { timeout: PATIENCE });
        this.id = await this.page.evaluate(async () => (await (await fetch('/api/v1/endpoints?filter=group:office')).json()).rows[0].id);
    }

    async speak(language) {
        await this.page.select('.top-end select', language);
        await this.until((code) => document.documentElement.lang === code, language);
    }

    // Presses the button or link that says this: in the dialog, if one is open.
    async press(text) {
        for (const end = Date.now() + PATIENCE; ;) {
            const found = await this.page.waitForFunction((wanted) => [...(document.querySelector('dialog[open]') ?? document)
                .querySelectorAll('button, a')].find((node) => node.textContent === wanted && node.checkVisibility() && !node.disabled),
            { timeout: PATIENCE }, text);
            try {
                return await found.click();
            } catch (error) { // a live page has put another one in its place
                if (!/detached|not clickable/.test(error.message) || Date.now() > end)
                    throw error;
            }
        }
    }

    // Until the page, or the dialog, says this somewhere.
    async says(text) {
        await this.until((wanted) => (document.querySelector('dialog[open]') ?? document.body).textContent.includes(wanted), text);
    }

    // What a field has is replaced.
    async enter(name, value) {
        await this.page.click(`[name="${name}"]`, { clickCount: 3 });
        await this.page.type(`[name="${name}"]`, value);
    }

    // The checker of accessibility, in a colour scheme.  Nothing moves meanwhile: a cell that has just changed has other colours for a moment.
    async check(scheme, rules = RULES) {
        await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
        await check(this, rules);
    }

    // All rules in the first one, in the second what depends on it.
    async checkSchemes(first = 'dark', second = 'light') {
        await this.check(first);
        await this.check(second, COLOURS);
    }

    // A page by its address, as in PAGES, until it has a heading.
    async go(path) {
        const hash = `#/${path.replace('ID', this.id)}`;
        await this.page.evaluate((to) => { location.hash = to; }, hash);
        await this.until((to) => location.hash === to && document.querySelector('#main h1, #main h2') !== null, hash);
    }

    // The same, until it has all that it asked for.
    async show(path) {
        await this.go(path);
        await this.page.waitForNetworkIdle({ idleTime: 150, concurrency: 1, timeout: PATIENCE }); // the event stream stays
    }

    // All that this page or dialog says is Japanese; more: further words that may be there.
    async expectJapanese(...more) {
        for (const found of new Set(await this.page.evaluate(latinWords, [...LATIN, ...more])))
            this.note(found);
    }

    // On paper: the content and nothing of the frame around it, and all of each table, no word of a heading or a state in two.
    async expectPrintable(name) {
        const before = this.page.viewport();
        await this.page.setViewport({ ...before, width: 718 }); // A4 between margins of 1 cm
        await this.page.emulateMediaType('print');
        const found = await this.page.evaluate(() => {
            const isShown = (node) => node.checkVisibility();
            const linesOf = (node) => {
                const range = document.createRange();
                range.selectNodeContents(node);
                return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
            };
            const broken = [...document.querySelectorAll('main th, main .badge')].filter((node) =>
                (/^[!-~]+$/.test(node.textContent) || (node.matches('.badge') && !/\s/.test(node.textContent))) && linesOf(node) > 1);
            const wide = [...document.querySelectorAll('main, main .scroll, main .card')].filter((node) => node.scrollWidth > node.clientWidth + 1);
            return [
                ...[...document.querySelectorAll('.top, .main-nav, main button')].filter(isShown).map((node) => `printed: ${node.outerHTML.slice(0, 80)}`),
                ...wide.map((node) => `cut off (${node.scrollWidth} in ${node.clientWidth}): ${node.outerHTML.slice(0, 80)}`),
                ...broken.map((node) => `broken within a word: ${node.textContent}`),
                ...isShown(document.querySelector('main h1')) ? [] : ['no heading'],
            ];
        });
        found.forEach((text) => this.note(`on paper: ${text}`));
        await this.picture(name);
        await this.page.emulateMediaType();
        await this.page.setViewport(before);
    }

    async picture(name) {
        await this.page.screenshot({ path: `${directory}/${name}.png` });
    }

    async end(what) {
        await this.browser.close();
        this.problems.push(...this.#unanswered.filter(({ answer }) => !this.#answered.has(answer)).map(({ text }) => text));
        for (const problem of this.problems)
            console.log(problem);
        console.log(`${what}, ${this.problems.length} problems`);
        process.exit(this.problems.length > 0 ? 1 : 0);
    }
}

// Runs the steps; what they throw is a problem with a picture of where it was.
export async function play(session, what, steps) {
    try {
        await steps(session);
    } catch (error) {
        session.note(error.stack);
        await session.picture('failed').catch(() => {});
    }
    await session.end(what);
}
