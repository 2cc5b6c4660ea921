// SPDX-License-Identifier: Apache-2.0
// The frame around the pages: navigation, banners, who is signed in; and which page an address stands for.

import { get, onPersonNeeded, Problem, watchInput } from './api.js';
import { fill, h, icon, refill } from './dom.js';
import { inTurn, onGone } from './follow.js';
import { chooseLanguage, currentLanguage, LANGUAGES, N_, preferredLanguage, tr, useLanguage } from './i18n.js';
import * as live from './live.js';
import { administration } from './pages/administration.js';
import { command, commands } from './pages/commands.js';
import { endpoint } from './pages/endpoint.js';
import { endpoints } from './pages/endpoints.js';
import { enrolment } from './pages/enrolment.js';
import { groupSettings } from './pages/group.js';
import { liveStatus } from './pages/live_status.js';
import { notification } from './pages/notifications.js';
import { reports } from './pages/reports.js';
import { rollout, rollouts } from './pages/rollouts.js';
import { scans } from './pages/scans.js';
import { updates } from './pages/updates.js';
import { changePassword, proveAgain } from './password.js';
import * as route from './route.js';
import { resume, showSignIn, signInAgain, signOut, whoIsIt } from './session.js';
import { announceProblem, closeDialogs, confirm, drawWhole, loading, menu, problemBox, select, tickTimes } from './ui.js';
import { problemText, word } from './words.js';

// Each page is a function (names, query) -> { title, node, close(), isEdited() }; nav: the entry of the navigation that it belongs to.
const PAGES = [
    { path: [], page: liveStatus, nav: 'live' },
    { path: ['live'], page: liveStatus, nav: 'live' },
    { path: ['endpoints'], page: endpoints, nav: 'endpoints' },
    { path: ['endpoints', ':id'], page: endpoint, nav: 'endpoints' },
    { path: ['groups', ':group', ':tab'], page: groupSettings, nav: 'endpoints' },
    { path: ['updates'], page: updates, nav: 'updates' },
    { path: ['scans'], page: scans, nav: 'scans' },
    { path: ['scans', ':tab'], page: scans, nav: 'scans' },
    { path: ['commands'], page: commands, nav: 'commands' },
    { path: ['commands', ':id'], page: command, nav: 'commands' },
    { path: ['rollouts'], page: rollouts, nav: 'rollouts' },
    { path: ['rollouts', ':id'], page: rollout, nav: 'rollouts' },
    { path: ['enrolment'], page: enrolment, nav: 'enrolment' },
    { path: ['reports'], page: reports, nav: 'reports' },
    { path: ['reports', ':tab'], page: reports, nav: 'reports' },
    { path: ['notifications', ':name'], page: notification, nav: 'administration' },
    { path: ['administration'], page: administration, nav: 'administration' },
    { path: ['administration', ':tab'], page: administration, nav: 'administration' },
];

const NAVIGATION = [
    { key: 'live', text: N_('Live Status'), icon: 'live' },
    { key: 'endpoints', text: N_('Security Settings'), icon: 'shield' },
    { key: 'updates', text: N_('Updates'), icon: 'update' },
    { key: 'scans', text: N_('Scans'), icon: 'scan' },
    { key: 'commands', text: N_('Commands'), icon: 'command' },
    { key: 'rollouts', text: N_('Roll-outs'), icon: 'rings' },
    { key: 'enrolment', text: N_('Enrolment'), icon: 'enrol' },
    { key: 'reports', text: N_('Reports'), icon: 'report' },
    { key: 'administration', text: N_('Administration'), icon: 'admin' },
];

const THEMES = { auto: N_('As the system'), light: N_('Light'), dark: N_('Dark') };

const RETRY = 5000; // ms

const build = document.querySelector('meta[name="build"]').content;
const app = document.getElementById('app');
let shell = null; // { main, nav, banner }
let shown = null; // the page on the screen
let place = ''; // its address
let again = null; // the timer of a page that nobody answered
let runs = 0; // pages that were asked for
let state = { up: true, stale: false, newer: false };

// ------------------------------------------------------------------------------------------------------------ the frame

function drawShell() {
    const main = h('main', { id: 'main', tabindex: '-1' });
    const banner = h('div', { id: 'banner', role: 'status' });
    const links = NAVIGATION.map((entry) =>
        h('a', { href: route.format([entry.key]), 'data-key': entry.key }, icon(entry.icon), h('span', {}, tr(entry.text))));
    const nav = h('nav', { class: 'main-nav', 'aria-label': tr('Main navigation') }, links);
    const toggle = h('button', { type: 'button', class: 'nav-toggle', 'aria-expanded': 'false', 'aria-label': tr('Navigation'),
        on: { click: toggleNav } }, icon('menu'));
    // On a narrow screen it lies over the page: it goes when it is left, or by Escape.
    nav.addEventListener('focusout', ({ relatedTarget: to }) => to && !nav.contains(to) && to !== toggle && showNav(false));
    nav.addEventListener('keydown', ({ key }) => {
        if (key !== 'Escape' || !shell.frame.classList.contains('nav-open'))
            return;
        toggle.focus();
        showNav(false);
    });
    const frame = h('div', { class: 'frame' },
        h('a', { class: 'skip', href: '#main', on: { click: skip } }, tr('Skip to the content')),
        h('header', { class: 'top' }, toggle, h('a', { class: 'product', href: '#/live' }, 'Holdline'), banner, accountMenu()),
        nav, main);
    shell = { frame, main, links, toggle, banner };
    fill(app, frame);
    drawBanner();
}

function toggleNav() {
    const open = !shell.frame.classList.contains('nav-open');
    showNav(open);
    if (open)
        shell.links[0].focus(); // or Tab would go through the top of the page first, under it
}

function showNav(open) {
    shell.frame.classList.toggle('nav-open', open);
    shell.toggle.setAttribute('aria-expanded', String(open));
}

function skip(event) {
    event.preventDefault(); // the address is the page's
    shell.main.focus();
}

function accountMenu() {
    const me = whoIsIt();
    const language = select(currentLanguage(), Object.entries(LANGUAGES), { 'aria-label': tr('Language'),
        on: { change: () => changeLanguage(language) } });
    const theme = select(localStorage.getItem('theme') ?? 'auto', Object.entries(THEMES).map(([code, text]) => [code, tr(text)]),
        { 'aria-label': tr('Colours'), on: { change: () => useTheme(theme.value) } });
    return h('div', { class: 'top-end' }, language, theme,
        menu(h('span', {}, h('bdi', {}, me.account), h('span', { class: 'role' }, word('role', me.role))),
            [{ text: tr('Change password'), click: () => changePassword(me.account) }, { text: tr('Sign out'), click: leave }],
            { class: 'menu account' }));
}

async function changeLanguage(control) {
    if (!await mayLeave()) {
        control.value = currentLanguage();
        return;
    }
    try {
        await chooseLanguage(control.value);
    } catch (problem) {
        control.value = currentLanguage();
        announceProblem(problem);
        return;
    }
    drawShell();
    showPage();
}

function useTheme(theme) {
    localStorage.setItem('theme', theme);
    document.documentElement.dataset.theme = theme;
}

// What the reader must know before believing the page: it may be old, or the program behind it is another one now.
function drawBanner() {
    if (!shell)
        return;
    if (!state.up)
        fill(shell.banner, h('span', { class: 'notice warn' }, tr('No connection to the console: what you see may be old.')));
    else if (state.newer)
        fill(shell.banner, h('span', { class: 'notice info' }, tr('The console was upgraded.'), ' ',
            h('button', { type: 'button', on: { click: () => location.reload() } }, tr('Reload'))));
    else if (state.stale)
        fill(shell.banner, h('span', { class: 'notice warn' }, tr('The console does not hear the manager: what you see may be old.')));
    else
        fill(shell.banner);
    shell.frame.classList.toggle('stale', !state.up || state.stale);
}

function listenToServer() {
    const note = (change) => {
        state = { ...state, ...change };
        drawBanner();
    };
    live.subscribe('line', async ({ up }) => {
        note({ up });
        if (up && await isUpgraded())
            note({ newer: true }); // these pages stay the old ones, whatever answers later
    });
    live.subscribe('stale', ({ stale }) => note({ stale }));
    const hasEnded = inTurn(() => get('/me')); // then it asks for a new one
    live.subscribe('refused', () => hasEnded().catch(() => {})); // the banner says that there is no line
}

// A line that comes back may end at a newer program, whose pages are not these.
async function isUpgraded() {
    const now = await fetch('/build.json', { cache: 'no-store' }).then((reply) => reply.ok && reply.json()).catch(() => null);
    return (now?.build ?? build) !== build; // what is no answer tells nothing
}

// -------------------------------------------------------------------------------------------------------------- pages

// What was entered on this page, and would be lost with it, the reader gives up only when asked.
async function mayLeave() {
    return !shown?.isEdited?.() ||
        confirm(tr('Discard changes'), h('p', {}, tr('What you entered here is not saved.')), tr('Discard changes'));
}

async function goOn() {
    const to = location.hash;
    closeDialogs();
    if (shown?.isEdited?.()) {
        history.replaceState(null, '', place);
        if (!await mayLeave())
            return;
        history.replaceState(null, '', to);
    }
    showPage();
    shell.main.focus({ preventScroll: true }); // a reader who listens is at the new page
}

async function showPage(isAgain) {
    const run = ++runs; // the address alone does not tell whether the reader went on: they may have come back to it
    const { path, query } = route.parse(location.hash);
    const found = route.match(PAGES, path);
    clearTimeout(again);
    shown?.close?.();
    shown = null;
    showNav(false);
    for (const link of shell.links)
        link.setAttribute('aria-current', String(link.dataset.key === found?.row.nav));
    if (!found) {
        showNothing(tr('There is no such page'), 'live');
        return;
    }
    const waiting = setTimeout(() => run !== runs || isAgain || fill(shell.main, loading()), 300);
    const asked = location.hash;
    live.hold();
    try {
        const page = await found.row.page(found.names, query);
        if (run !== runs) { // the reader went on meanwhile
            page.close?.();
            return;
        }
        shown = page;
        place = asked;
        document.title = `${page.title} – Holdline`;
        fill(shell.main, page.node);
        page.shown?.();
    } catch (problem) {
        if (problem.status === undefined)
            throw problem;
        if (run !== runs)
            return;
        if (problem.status === 404) {
            showNothing(problemText({ code: problem.code }), found.row.nav);
            return;
        }
        refill(shell.main, problemBox(problem));
        if (isPassing(problem))
            again = setTimeout(showPage, RETRY, true);
    } finally {
        clearTimeout(waiting);
        if (run === runs)
            live.release();
    }
}

// In place of a page; nav: the entry of the navigation to go back to.
function showNothing(title, nav) {
    const entry = NAVIGATION.find(({ key }) => key === nav);
    document.title = 'Holdline';
    fill(shell.main, h('h1', {}, title), h('p', {}, h('a', { href: route.format([entry.key]) }, tr(entry.text))));
}

// Somebody who waits sees it without doing anything.
const isPassing = ({ status }) => status === 0 || status === 429 || status >= 500;

async function leave() {
    if (!await mayLeave())
        return;
    await signOut();
    live.leave();
    location.hash = '';
    location.reload(); // nothing of this account stays in memory
}

async function begin() {
    drawShell();
    await live.join();
    await showPage();
}

// What a click asked for and the server refused: no handler of a click need catch it.
function announceRefusal(event) {
    if (!(event.reason instanceof Problem))
        return;
    event.preventDefault();
    announceProblem(event.reason);
}

async function start() {
    if (location.pathname !== '/') // a link like /endpoints/e-1, as other programs make it
        history.replaceState(null, '', `/#${location.pathname}${location.search}`);
    document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto';
    await useLanguage(preferredLanguage()).catch(() => useLanguage('en')); // until the page is loaded again
    watchInput(window);
    onPersonNeeded(async () => {
        await signInAgain();
        live.join();
    }, proveAgain);
    listenToServer();
    onGone(() => {
        closeDialogs();
        showPage();
    });
    window.addEventListener('hashchange', () => shell && goOn());
    window.addEventListener('beforeunload', (event) => whoIsIt() && shown?.isEdited?.() && event.preventDefault());
    window.addEventListener('unhandledrejection', announceRefusal);
    window.addEventListener('beforeprint', drawWhole);
    setInterval(tickTimes, 10000);
    await enter();
}

async function enter() {
    try {
        if (await resume())
            begin();
        else
            showSignIn(app, begin);
    } catch (problem) {
        if (!isPassing(problem))
            throw problem;
        refill(app, h('main', { class: 'sign-in' }, problemBox(problem)));
        setTimeout(enter, RETRY);
    }
}

start().catch((problem) => fill(app, h('main', { class: 'sign-in' }, problemBox(problem))));
