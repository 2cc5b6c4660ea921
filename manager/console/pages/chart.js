// SPDX-License-Identifier: Apache-2.0
// Lines over days, as SVG, with the same numbers as a table for those who do not see it.

import { day, N_, number, tr } from './i18n.js';
import { h } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 480;
const HEIGHT = 120;
const LINES = [
    { key: 'online', text: N_('Online') },
    { key: 'outdated', text: N_('Outdated') },
    { key: 'open_detections', text: N_('Open detections') },
];

// "M0,60 L10,55 ...": the highest value at the top.  Pure.
export function linePath(values, top, width = WIDTH, height = HEIGHT) {
    const step = values.length > 1 ? width / (values.length - 1) : 0;
    return values.map((value, i) =>
        `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)},${(height - (top > 0 ? value / top : 0) * height).toFixed(1)}`).join(' ');
}

export function chart(rows) {
    const top = Math.max(1, ...rows.flatMap((row) => LINES.map(({ key }) => row[key] ?? 0)));
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 -4 ${WIDTH} ${HEIGHT + 8}`);
    svg.setAttribute('class', 'chart');
    svg.setAttribute('aria-hidden', 'true');
    LINES.forEach(({ key }, i) => {
        const path = document.createElementNS(SVG, 'path');
        path.setAttribute('d', linePath(rows.map((row) => row[key] ?? 0), top));
        path.setAttribute('class', `line-${i}`);
        svg.append(path);
    });
    return h('figure', {}, svg,
        h('figcaption', { class: 'legend' }, LINES.map(({ text }, i) => h('span', { class: `key-${i}` }, tr(text)))),
        h('details', {}, h('summary', {}, tr('Numbers')), h('table', {},
            h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, tr('Day')), LINES.map(({ text }) => h('th', { scope: 'col' }, tr(text))))),
            h('tbody', {}, rows.map((row) => h('tr', {}, h('td', {}, day(row.day)),
                LINES.map(({ key }) => h('td', { class: 'end' }, number(row[key] ?? 0)))))))));
}
