// SPDX-License-Identifier: Apache-2.0
// A page that draws itself again when the server tells of a change.

import * as live from './live.js';

let gone = () => {};

// show(): what a page was about does not exist any longer.
export function onGone(show) {
    gone = show;
}

const PACE = 200; // ms: five times a second at most, however many changes come
const UNSEEN = 3000; // ms between draws in a tab that nobody sees, where it goes on for a minute: the server counts what all tabs ask
const SPELL = 60_000;

// -> a function that has draw() run, and promises its end.  Runs do not overlap: all calls during one share one more, which begins when
// it has ended.  So what is drawn last is the newest.
export function inTurn(draw) {
    let last = Promise.resolve();
    let isWaiting = false; // the last one has not begun
    const run = () => {
        isWaiting = false;
        return draw();
    };
    return () => {
        if (!isWaiting) {
            isWaiting = true;
            last = last.then(run, run);
        }
        return last;
    };
}

// topics: { type: whether a message of it concerns the page }; reset always does, and at once.  draw(): a promise; every: ms, where things
// also change without a message; pace: ms between two draws, where each costs more.  -> a function that ends it.
// A draw that fails leaves the page as it was: the banner says that it is old.  But where the thing itself is not found, it is gone; and
// what the server refused because too much was asked of it, it is asked for again.
export function follow(topics, draw, { every, pace = PACE } = {}) {
    let timer;
    let due = 0; // the next one, where nobody sees it
    let isOver = false;
    const drawInTurn = inTurn(async () => isOver || draw());
    const run = () => {
        timer = undefined;
        due = Math.max(due, Date.now() - SPELL) + UNSEEN;
        drawInTurn().catch(({ status }) => {
            if (status === 404 && !isOver)
                gone();
            if (status === 429 && !isOver)
                timer ??= setTimeout(run, UNSEEN);
        });
    };
    const again = () => { timer ??= setTimeout(run, document.hidden ? Math.max(pace, due - Date.now()) : pace); };
    const soon = () => {
        clearTimeout(timer);
        timer = setTimeout(run, PACE);
    };
    const seen = () => document.hidden || !timer || soon();
    document.addEventListener('visibilitychange', seen);
    const subscriptions = Object.entries(topics).map(([type, concerns]) => live.subscribe(type, (data) => concerns(data) && again()))
        .concat(live.subscribe('reset', soon));
    const clock = every && setInterval(again, every);
    return () => {
        isOver = true;
        clearTimeout(timer);
        clearInterval(clock);
        document.removeEventListener('visibilitychange', seen);
        subscriptions.forEach((end) => end());
    };
}

export const always = () => true;

// Whether a message is about scans and finds: one of its rows has other ones than in the message before.
export function finds() {
    const seen = new Map();
    return ({ rows = [] }) => rows.filter((row) => {
        const last = seen.get(row.id);
        seen.set(row.id, JSON.stringify([row.open_detections, row.last_scan]));
        return seen.get(row.id) !== last;
    }).length > 0;
}

// Of what was told and what was asked for, both with the newest first: what is in both is there once.
export function latestOf(told, asked, most) {
    return [...new Map([...told, ...asked].map((event) => [JSON.stringify(event), event])).values()].slice(0, most);
}
