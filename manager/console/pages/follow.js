// SPDX-License-Identifier: Apache-2.0
// A page that draws itself again when the server tells of a change.

import * as live from './live.js';

const PACE = 200; // ms: five times a second at most, however many changes come

// topics: { type: whether a message of it concerns the page }; reset always does.  draw(): a promise; every: ms, where things also
// change without a message.  -> a function that ends it.
// A draw that fails leaves the page as it was: the banner says that it is old.  One at a time: the answer that comes last is the latest.
export function follow(topics, draw, every) {
    let timer;
    let isDrawing = false;
    let isDue = false; // something changed while a draw ran
    let isOver = false;
    const again = () => {
        if (isDrawing)
            isDue = true;
        else if (!isOver)
            timer ??= setTimeout(run, PACE);
    };
    const run = async () => {
        timer = undefined;
        isDue = false;
        isDrawing = true;
        try {
            await draw();
        } catch { /* as above */ }
        isDrawing = false;
        if (isDue)
            again();
    };
    const subscriptions = Object.entries({ ...topics, reset: always }).map(([type, concerns]) =>
        live.subscribe(type, (data) => concerns(data) && again()));
    const clock = every && setInterval(again, every);
    return () => {
        isOver = true;
        clearTimeout(timer);
        clearInterval(clock);
        subscriptions.forEach((end) => end());
    };
}

export const always = () => true;
