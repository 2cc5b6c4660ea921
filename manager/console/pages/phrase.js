// SPDX-License-Identifier: Apache-2.0
// Sentences of the server in the reader's language.  They come as English (for logs, scripts, the command line); here each clause is
// found among templates, whose translations are in the catalogue, and its arguments are put into the translation.  What fits no
// template is shown as it is.  tests/console holds the templates against the sources that say them.

import { N_, tr } from './i18n.js';

// Clauses of the sentence that explains a status: "shown Offline because ...; the endpoint's own line ..."
const TEMPLATES = [
    N_('shown {status} because it has not registered yet'),
    N_('shown {status} because it has just registered'),
    N_('shown {status} because it has just announced its start'),
    N_('shown {status} because it announced that it was stopping'),
    N_('shown {status} because it announced that it was uninstalled'),
    N_('shown {status} because it announced that it moved to another server'),
    N_('shown {status} because its heartbeat arrived in time'),
    N_('shown {status} because its poll arrived in time'),
    N_('shown {status} because no heartbeat arrived within the configured time'),
    N_('shown {status} because its own address is in an unreachable network'),
    N_('shown {status} because its own address is no longer in an unreachable network'),
    N_('shown {status} because it is in independent mode'),
    N_('shown {status} because it has just left independent mode'),
    N_('shown {status} because it has not been in contact for too many days'),
    N_('shown {status} because it was removed from the console'),
    N_('shown {status} because it registered no address to dial'),
    N_('shown {status} because it registered no port to dial (direct.port)'),
    N_('shown {status} because {address} has not been dialled (not-probed)'),
    N_('shown {status} because {address} answered with this endpoint\'s certificate (reachable)'),
    N_('shown {status} because {address} refused the connection (refused)'),
    N_('shown {status} because {address} did not answer (timeout)'),
    N_('shown {status} because {address} cannot be reached from the server (no-route)'),
    N_('shown {status} because {address} belongs to another machine as seen from the server (wrong-host)'),
    N_('the endpoint has never connected'),
    N_('the endpoint\'s own line is up, last heartbeat {time} ago'),
    N_('the endpoint\'s own line seems up, but its heartbeat is late: the last one was {time} ago'),
    N_('the endpoint closed its line properly {time} ago'),
    N_('the endpoint\'s own line was lost {time} ago'),
    N_('the endpoint\'s own line has been silent for {time}'),
    N_('another record took this endpoint\'s place {time} ago'),
    N_('the endpoint\'s certificate was revoked {time} ago'),
    N_('the endpoint sent too much, its line was ended {time} ago, and it is held off'),
    N_('the server cannot tell at present: it heard this endpoint {time} ago'),
    N_('the last dial of its address reached another machine (wrong-host)'),
];

export const templates = () => TEMPLATES;

// Lengths of time as the server writes them: "4 s", "12 min", "2 h 5 min", "3 d".
const TIMES = [[/(\d+) h (\d+) min/, N_('{a} h {b} min')], [/(\d+) s/, N_('{a} s')], [/(\d+) min/, N_('{a} min')], [/(\d+) d/, N_('{a} d')]];

function pattern(template) {
    const literal = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
    return new RegExp('^' + literal.replace(/\{(\w+)\}/g, '(?<$1>.+?)') + '(?<detail>: .+)?$', 's');
}

let patterns = null;

// translateStatus: the word of a displayed status in the reader's language.
export function phrase(text, translateStatus = (status) => status) {
    patterns ??= TEMPLATES.map((template) => [pattern(template), template]);
    return String(text ?? '').split('; ').map((clause) => translate(clause, translateStatus)).join(tr('; '));
}

function translate(clause, translateStatus) {
    for (const [regular, template] of patterns) {
        const found = regular.exec(clause)?.groups;
        if (!found)
            continue;
        const values = { ...found };
        if (values.status)
            values.status = translateStatus(values.status);
        if (values.time)
            values.time = translateTime(values.time);
        return tr(template, values) + (found.detail ?? '');
    }
    return clause;
}

function translateTime(text) {
    for (const [regular, template] of TIMES) {
        const found = regular.exec(text);
        if (found)
            return tr(template, { a: found[1], b: found[2] });
    }
    return text;
}
