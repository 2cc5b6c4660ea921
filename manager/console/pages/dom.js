// SPDX-License-Identifier: Apache-2.0
// Makes DOM nodes.  The only way in which these pages make any: text becomes text nodes, never markup, so a host that is called
// "<script>" is shown as that.

const SVG = 'http://www.w3.org/2000/svg';

// Set as properties, because the attribute of the same name is only the initial value.
const PROPERTIES = new Set(['checked', 'disabled', 'hidden', 'indeterminate', 'open', 'required', 'selected', 'value']);

// Attributes that would run or load something; nobody here has a reason to set them.
const FORBIDDEN = /^(on|style$|srcdoc$)/;

// h('a', { href: '#/live', on: { click } }, 'text', node, [nodes], null)
export function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {}))
        set(node, name, value);
    append(node, children);
    return node;
}

function set(node, name, value) {
    if (value === null || value === undefined)
        return;
    if (name === 'on') {
        for (const [event, listener] of Object.entries(value))
            node.addEventListener(event, listener);
    } else if (PROPERTIES.has(name)) {
        node[name] = value;
    } else if (FORBIDDEN.test(name)) {
        throw new Error(`h: the attribute ${name} is not for these pages`);
    } else if (value !== false) {
        node.setAttribute(name, value === true ? '' : value);
    }
}

// What is null or false is left out, so that a caller can write "condition && node".
export function append(node, children) {
    for (const child of children.flat(Infinity))
        if (child !== null && child !== undefined && child !== false)
            node.append(child);
    return node;
}

export function fill(node, ...children) {
    replace(node, append(document.createDocumentFragment(), children));
    return node;
}

// The same for a part of a live page, one without fields.  What would look as it does is left alone, so that a click is not lost between
// its down and its up.
export function refill(node, ...children) {
    const fresh = append(node.cloneNode(false), children);
    if (!fresh.isEqualNode(node))
        replace(node, ...fresh.childNodes);
}

// A reader who was at a control in it is at the same one afterwards; where that is gone, at the one that took its place among those that
// look alike, or else at this part of the page: never at the top of all.
function replace(node, ...children) {
    const { activeElement: at } = document;
    if (at === node || !node.contains(at)) {
        node.replaceChildren(...children);
        return;
    }
    const alike = () => [...node.querySelectorAll(at.tagName)].filter((other) =>
        other.name === at.name && other.textContent === at.textContent && !other.disabled);
    const place = alike().indexOf(at);
    node.replaceChildren(...children);
    const next = alike();
    if (next.length === 0)
        node.tabIndex = -1;
    (next[Math.min(place, next.length - 1)] ?? node).focus({ preventScroll: true });
}

// A node is not touched when it shows this text already: that keeps a live page still.
export function setText(node, text) {
    if (node.textContent !== text)
        node.textContent = text;
}

// The paths of icons, drawn on 16 x 16 with a line of 1.5.
const ICONS = {
    live: 'M2 9h3l2-5 2 8 2-5 1 2h2',
    shield: 'M8 2 3 4v4c0 3 2 5 5 6 3-1 5-3 5-6V4L8 2Z',
    update: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
    scan: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
    command: 'M3 4l4 4-4 4M8.5 12H13',
    rings: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
    enrol: 'M8 2v8M5 7l3 3 3-3M3 13h10',
    report: 'M4 2h6l3 3v9H4V2Zm2 6h4M6 11h4',
    admin: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 14c0-3 2-4.5 5-4.5s5 1.5 5 4.5',
    group: 'M2 4h4l1 2h7v7H2V4Z',
    menu: 'M2 4h12M2 8h12M2 12h12',
    down: 'M4 6l4 4 4-4',
};

export function icon(name) {
    return drawing(ICONS[name], 16, { 'class': 'icon', 'aria-hidden': 'true' });
}

// A path on a square.
export function drawing(path, side, attributes) {
    const svg = document.createElementNS(SVG, 'svg');
    const line = document.createElementNS(SVG, 'path');
    for (const [name, value] of Object.entries({ viewBox: `0 0 ${side} ${side}`, ...attributes }))
        set(svg, name, value);
    set(line, 'd', path);
    svg.append(line);
    return svg;
}
