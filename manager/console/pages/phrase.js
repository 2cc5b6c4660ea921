// SPDX-License-Identifier: Apache-2.0
// Sentences of the server, which come as codes with arguments, in the reader's language.  The rows are those of
// manager/core/sentence.c, word for word: so both have one translation.  tests/console holds them against each other.

import { N_, put, tr } from './i18n.js';

// What is in brackets is said only if its argument is given.
const SENTENCES = {
    'shown.unregistered': N_('shown {displayed} because it has not registered yet'),
    'shown.registered': N_('shown {displayed} because it has just registered'),
    'shown.restarted': N_('shown {displayed} because it has just announced its start'),
    'shown.stopped': N_('shown {displayed} because it announced that it was stopping'),
    'shown.uninstalled': N_('shown {displayed} because it announced that it was uninstalled'),
    'shown.moved': N_('shown {displayed} because it announced that it moved to another server'),
    'shown.heartbeat': N_('shown {displayed} because its heartbeat arrived in time'),
    'shown.poll': N_('shown {displayed} because its poll arrived in time'),
    'shown.silent': N_('shown {displayed} because no heartbeat arrived within the configured time'),
    'shown.entered-unreachable': N_('shown {displayed} because its own address is in an unreachable network'),
    'shown.left-unreachable': N_('shown {displayed} because its own address is no longer in an unreachable network'),
    'shown.independent': N_('shown {displayed} because it is in independent mode'),
    'shown.independent-over': N_('shown {displayed} because it has just left independent mode'),
    'shown.inactive': N_('shown {displayed} because it has given no sign of life for too many days'),
    'shown.heard-again': N_('shown {displayed} because it was silent for too many days, and has not registered or answered a dial since'),
    'shown.removed': N_('shown {displayed} because it was removed from the console'),
    'shown.no-address': N_('shown {displayed} because it registered no address to dial[: {detail}]'),
    'shown.no-port': N_('shown {displayed} because it registered no port to dial (direct.port)[: {detail}]'),
    'shown.not-probed': N_('shown {displayed} because {address} has not been dialled (not-probed)'),
    'shown.reachable': N_('shown {displayed} because {address} answered with this endpoint\'s certificate (reachable)'),
    'shown.refused': N_('shown {displayed} because {address} refused the connection (refused)'),
    'shown.timeout': N_('shown {displayed} because {address} did not answer (timeout)'),
    'shown.no-route':
        N_('shown {displayed} because {address} cannot be reached from the server (no-route)[: {detail}]'),
    'shown.wrong-host':
        N_('shown {displayed} because {address} belongs to another machine as seen from the server (wrong-host)[: {detail}]'),
    'late.granted': N_('its certificate had ended, and it was given another one {ago} ago, by proof of its old key'),
    'late.too-late': N_('its certificate has ended, and it asked for another one after the grace time (enrolment.grace), {ago} ago: it needs a bundle that is made for it'),
    'late.revoked': N_('its certificate has ended, and it asked for another one {ago} ago: it is revoked, and needs a bundle that is made for it'),
    'late.replaced': N_('a machine asked for another certificate {ago} ago with one from before the last enrolment: is it a copy, or was it restored?'),
    'late.authority': N_('its certificate is of an authority that has ended, so it cannot connect: it needs a bundle that is made for it'),
    'late.clock': N_('its certificate has ended, and its clock was so wrong {ago} ago that it could not be given another one: set its clock'),
    'line.up': N_('the endpoint\'s own line is up, last heartbeat {ago} ago'),
    'line.never': N_('the endpoint has never connected'),
    'line.late': N_('the endpoint\'s own line seems up, but its heartbeat is late: the last one was {ago} ago'),
    'line.clean-stop': N_('the endpoint closed its line properly {ago} ago'),
    'line.lost': N_('the endpoint\'s own line was lost {ago} ago'),
    'line.keepalive': N_('the endpoint\'s own line has been silent for {ago}'),
    'line.replaced': N_('another record took this endpoint\'s place {ago} ago'),
    'line.revoked': N_('the endpoint\'s certificate was revoked {ago} ago'),
    'line.flooding': N_('the endpoint sent too much, its line was ended {ago} ago, and it is held off'),
    'line.server-blind': N_('the server cannot tell at present: it heard this endpoint {ago} ago'),
    'dial.wrong-host': N_('the last dial of its address reached another machine (wrong-host)[: {detail}]'),
};

export const sentences = () => SENTENCES;

// [{ code, args }]; words: what becomes of an argument before it is put in, by its name.
export function explain(list, words = {}) {
    return list.map(({ code, args }) => sentence(code, args, words)).join(tr('; '));
}

function sentence(code, args, words) {
    if (!(code in SENTENCES))
        return code; // of a newer server
    const values = Object.fromEntries(Object.entries(args ?? {}).map(([key, value]) => [key, words[key]?.(value) ?? value]));
    const chosen = tr(SENTENCES[code]).replace(/\[([^\]]*)\]/g, (whole, inside) => {
        const name = /\{(\w+)\}/.exec(inside)?.[1];
        return values[name] === undefined ? '' : inside;
    });
    return put(chosen, values);
}

// Milliseconds as the command line writes them: "4 s", "12 min", "2 h 5 min", "3 d".
export function spell(ms) {
    const minutes = Math.floor(ms / 60000);
    if (ms < 60000)
        return `${Math.floor(Math.max(ms, 0) / 1000)} ${tr('s')}`;
    if (minutes < 60)
        return `${minutes} ${tr('min')}`;
    if (minutes < 24 * 60)
        return `${Math.floor(minutes / 60)} ${tr('h')} ${minutes % 60} ${tr('min')}`;
    return `${Math.floor(minutes / 1440)} ${tr('d')}`;
}
