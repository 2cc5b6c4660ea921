// SPDX-License-Identifier: Apache-2.0
// Which rows of a long list are worth having in the document.  Pure.

// Rows beyond the edge, so that a scroll of less than a screen shows no gap before the next frame.
const BEYOND = 1;

// { first, end } of all rows: what is in view, and so many more screens above and below.
export function rowsInView(scrollTop, height, rowHeight, total, beyond = BEYOND) {
    const page = Math.ceil(height / rowHeight) + 1;
    const top = Math.floor(scrollTop / rowHeight);
    return {
        first: Math.max(0, Math.min(top, total) - page * beyond),
        end: Math.min(total, top + page * (1 + beyond)),
    };
}

// Where to scroll so that a row is in view; the same place if it is.
export function scrollTo(index, scrollTop, height, rowHeight) {
    if (index * rowHeight < scrollTop)
        return index * rowHeight;
    if ((index + 1) * rowHeight > scrollTop + height)
        return (index + 1) * rowHeight - height;
    return scrollTop;
}

export const MARK = 2.25; // rem: the column of boxes

export const least = (columns) => columns.reduce((sum, column) => sum + column.least, MARK);

// The columns of a table for which there is room, in rem: those with the lowest number of leaving go first.
export function fitting(columns, room) {
    const leaving = columns.filter((column) => column.leaves).sort((a, b) => a.leaves - b.leaves);
    let rest = columns;
    while (least(rest) > room && leaving.length > 0) {
        const out = leaving.shift();
        rest = rest.filter((column) => column !== out);
    }
    return rest;
}
