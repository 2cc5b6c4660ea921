// SPDX-License-Identifier: Apache-2.0
// The values of settings: what an editor shows of them, and back.  They travel as the texts of 'holdline group set'.  Pure.

// Seconds; the units of lib/base/clock_text.c.
export const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

// "90s" -> { n: 90, unit: 's' }; null for what is no duration.
export function parseDuration(text) {
    const [, n, unit] = /^(\d+)([a-z]+)$/.exec(text.trim()) ?? [];
    return Object.hasOwn(UNITS, unit) ? { n: Number(n), unit } : null;
}

export function durationSeconds(text) {
    const duration = parseDuration(text);
    return duration && duration.n * UNITS[duration.unit];
}

// "off", "every 30m", "hourly", "daily 12:30", "weekly mon 12:30"; null for what is no schedule, or one of a newer server.
export function parseSchedule(text) {
    const words = text.trim().split(/\s+/);
    const schedule = { kind: words[0], every: '4h', weekday: 'mon', time: '00:00' };
    if (words[0] === 'hourly')
        return { ...schedule, kind: 'every', every: '1h' };
    if (words[0] === 'every' && parseDuration(words[1] ?? ''))
        return { ...schedule, every: words[1] };
    if (words[0] === 'daily' && words[1])
        return { ...schedule, time: words[1] };
    if (words[0] === 'weekly' && WEEKDAYS.includes(words[1]) && words[2])
        return { ...schedule, weekday: words[1], time: words[2] };
    return words[0] === 'off' ? schedule : null;
}

export function printSchedule(schedule) {
    switch (schedule.kind) {
    case 'every':
        return `every ${schedule.every}`;
    case 'daily':
        return `daily ${schedule.time}`;
    case 'weekly':
        return `weekly ${schedule.weekday} ${schedule.time}`;
    default:
        return 'off';
    }
}

// A list is one line in the registry and a line for each entry in the form.
export function parseList(text) {
    return text.split(',').map((entry) => entry.trim()).filter(Boolean);
}

export function printList(lines) {
    return lines.split(/[\n,]/).map((entry) => entry.trim()).filter(Boolean).join(',');
}

// { key: new value } for what differs.
export function changes(was, now) {
    return Object.fromEntries(Object.entries(now).filter(([key, value]) => was[key] !== value));
}

// Somebody else saved meanwhile.  What only one of both changed is no conflict: { merged, conflicts: [keys] }, where mine stands
// in merged until the reader has decided.
export function merge(base, mine, theirs) {
    const conflicts = Object.keys(mine).filter((key) =>
        mine[key] !== base[key] && theirs[key] !== base[key] && mine[key] !== theirs[key]);
    const merged = { ...theirs, ...changes(base, mine) };
    return { merged, conflicts };
}
