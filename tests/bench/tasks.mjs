// SPDX-License-Identifier: Apache-2.0
// What a page's main thread was busy with, from chromium's own trace: the longest tasks, and what they consist of.  While one runs, the page
// neither draws nor answers a key, so a long one is what a reader feels as a jerk.
import fs from 'node:fs';

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8'];
const TASKS = ['RunTask', 'ThreadControllerImpl::RunTask'];
const LONG = 50; // ms: what browsers themselves call a long task
const NAMED = 3; // of what a task consists of, the greatest parts

const isWhole = (event) => event.ph === 'X' && event.dur > 0;

const key = (event) => `${event.pid} ${event.tid}`;
const cpuOf = (event) => (event.tdur ?? event.dur) / 1000; // ms of its thread: what other programs took meanwhile is not in it

// The thread that ran most functions is the page's.
function mainThread(events) {
    const names = new Set(events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain').map(key));
    const calls = new Map();
    for (const event of events)
        if (event.name === 'FunctionCall' && names.has(key(event)))
            calls.set(key(event), (calls.get(key(event)) ?? 0) + 1);
    return [...calls].sort(([, a], [, b]) => b - a)[0]?.[0];
}

// Of the events within a task: what each took without those inside it; -> [[name, ms]], the greatest first.
function parts(task, events) {
    const own = new Map();
    const open = [];
    const take = (name, ms) => own.set(name, (own.get(name) ?? 0) + ms);
    for (const event of events) {
        if (event === task || event.ts < task.ts || event.ts + event.dur > task.ts + task.dur)
            continue;
        while (open.length > 0 && open.at(-1).ts + open.at(-1).dur <= event.ts)
            open.pop();
        if (open.length > 0)
            take(open.at(-1).name, -cpuOf(event));
        take(event.name, cpuOf(event));
        open.push(event);
    }
    return [...own].sort(([, a], [, b]) => b - a);
}

// Runs the steps under the tracer; -> { longest, cpu, long, parts }: the longest task by the clock and by its own CPU time in ms, how many
// were long, and of what the longest consists.
export async function tasksOf(page, file, steps) {
    await page.tracing.start({ path: file, categories: CATEGORIES });
    try {
        await steps();
    } finally {
        await page.tracing.stop();
    }
    const { traceEvents } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const thread = mainThread(traceEvents);
    const events = traceEvents.filter((event) => isWhole(event) && key(event) === thread).sort((a, b) => a.ts - b.ts || b.dur - a.dur);
    const tasks = events.filter((event) => TASKS.includes(event.name)).sort((a, b) => cpuOf(b) - cpuOf(a));
    const [heaviest] = tasks;
    return {
        longest: Math.max(0, ...tasks.map((task) => task.dur)) / 1000,
        cpu: heaviest ? cpuOf(heaviest) : 0,
        long: tasks.filter((task) => cpuOf(task) > LONG).length,
        parts: heaviest ? parts(heaviest, events).filter(([name]) => !TASKS.includes(name)).slice(0, NAMED) : [],
    };
}
