// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and the form for it: as a page at first, as a dialog over the page when a session has ended.

import { Problem, request } from './api.js';
import { fill, h } from './dom.js';
import { chooseLanguage, currentLanguage, LANGUAGES, tr } from './i18n.js';
import { dialog, field, problemBox, select } from './ui.js';

// What each role may do, in steps: the server decides, this only leaves out what it would refuse.
const RANKS = ['auditor', 'operator', 'administrator', 'owner'];

let me = null; // { account, role, groups, ends }

// All tabs of a browser share its session, and each tells the others whose it is now.  One that shows another account's pages, or would
// send its form in another's name, begins again; one that waits for a sign-in has had it.
const others = new BroadcastChannel('session');
let signedInElsewhere = null;

others.onmessage = ({ data: account }) => {
    if (account === (me?.account ?? null)) {
        signedInElsewhere?.();
        return;
    }
    me = null; // who is gone is not asked what becomes of a form
    location.reload();
};

export const whoIsIt = () => me;

export function mayBe(role) {
    return me !== null && RANKS.indexOf(me.role) >= RANKS.indexOf(role);
}

// To some groups: what concerns all of them the server refuses.
export const isLimited = () => me?.groups?.length > 0;

// Asks whether the browser has a session already.  -> true if so
export async function resume() {
    try {
        me = (await request('GET', '/session', { quiet: true })).body;
        return true;
    } catch (problem) {
        if (problem.status === 401)
            return false;
        throw problem;
    }
}

// What is entered where only ASCII makes sense: an input method for Japanese may have written it in wide letters and digits.
export const narrow = (input) => input.value.normalize('NFKC').trim();

async function signIn(fields) {
    const body = { name: narrow(fields.name), password: fields.password.value };
    const code = narrow(fields.code);
    if (code !== '')
        body.code = code;
    try {
        me = (await request('POST', '/session', { body })).body;
        others.postMessage(me.account);
    } catch (problem) {
        fields.password.value = '';
        fields.password.focus();
        throw problem.status === 401 || problem.status === 403 ? refused(problem) : problem;
    }
}

function refused(problem) {
    const shown = new Problem(problem.status, { code: 'sign-in' });
    shown.message = 'sign-in';
    return shown;
}

export async function signOut() {
    await request('DELETE', '/session').catch((problem) => {
        if (problem.status !== 401) // gone already: as good
            throw problem;
    });
    me = null;
    others.postMessage(null);
}

function signInFields(name) {
    const fields = {
        name: h('input', { type: 'text', name: 'username', autocomplete: 'username', required: true, value: name,
            autocapitalize: 'none', spellcheck: 'false' }),
        password: h('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true }),
        code: h('input', { type: 'text', name: 'code', autocomplete: 'one-time-code', inputmode: 'numeric', maxlength: 8 }),
    };
    const nodes = [
        field(tr('Account'), fields.name),
        field(tr('Password'), fields.password),
        field(tr('One-time code'), fields.code, tr('Only if one is set up for your account.')),
    ];
    return { fields, nodes };
}

// Why this session ended, where the reader did it: said where they sign in again, before or after that is shown.
let reason = '';
let why = null; // where that is

export function explainEnd(text) {
    reason = text;
    if (why)
        fill(why, reason);
}

// Over the page: what is on it stays.  For the same account only, or the form below would be sent in another's name.
export async function signInAgain() {
    const account = me?.account ?? '';
    const { fields, nodes } = signInFields(account);
    fields.name.readOnly = account !== '';
    fields.password.autofocus = account !== '';
    why = h('p', { role: 'status' }, reason);
    await dialog({
        title: tr('Your session has ended'),
        content: [why, h('p', {}, tr('Sign in again to go on.  What you entered is kept.')), nodes],
        action: tr('Sign in'),
        submit: () => signIn(fields),
        canClose: false,
        until: new Promise((done) => { signedInElsewhere = done; }),
    });
    explainEnd('');
}

// The page of its own, in that place.  done(): there is a session now.
export function showSignIn(place, done) {
    const page = h('main', { class: 'sign-in' });
    fill(place, page); // before its first field takes the focus: what is in no document cannot
    draw();

    function draw() {
        const { fields, nodes } = signInFields('');
        const error = h('div', {});
        const go = h('button', { type: 'submit', class: 'primary' }, tr('Sign in'));
        const language = select(currentLanguage(), Object.entries(LANGUAGES), { on: { change } });
        document.title = `${tr('Sign in')} – Holdline`;
        fill(page, h('form', { class: 'card', on: { submit } },
            h('h1', {}, h('span', { class: 'product' }, 'Holdline'), tr('Sign in to the management console')),
            nodes, error, go, field(tr('Language'), language)));
        if (!page.contains(document.activeElement)) // or at the language, which was changed
            fields.name.focus();

        async function submit(event) {
            event.preventDefault();
            go.disabled = true;
            fill(error);
            try {
                await signIn(fields);
                done();
            } catch (problem) {
                fill(error, problemBox(problem));
            } finally {
                go.disabled = false;
            }
        }

        async function change() {
            try {
                await chooseLanguage(language.value);
                draw();
            } catch (problem) {
                language.value = currentLanguage();
                fill(error, problemBox(problem));
            }
        }
    }
}
