// SPDX-License-Identifier: Apache-2.0
// What a form was drawn from, and what somebody else saved since.  Pure.

export class Seen {
    newer = null; // { body, version }: it waits until the form is saved, or given up

    // reply: { body, version } of a document.
    adopt({ body, version }) {
        this.document = body;
        this.version = version;
        this.newer = null;
    }

    // What is so now, whatever the form shows.
    get latest() {
        return this.newer?.body ?? this.document;
    }

    get latestVersion() {
        return this.newer?.version ?? this.version;
    }

    // A reply that was asked for when the version was that one.  -> 'same': only what is counted beside it can be different; 'drawn': it is
    // adopted, and the form is to be drawn from it; 'beside': the form is edited, and stays as it is; 'late': another one has been adopted
    // since, which this one may be older than.
    take(reply, asked, isEdited) {
        if (this.version !== asked)
            return 'late';
        if (reply.version === this.version) {
            this.document = reply.body;
            this.newer = null;
            return 'same';
        }
        if (isEdited) {
            this.newer = reply;
            return 'beside';
        }
        this.adopt(reply);
        return 'drawn';
    }

    // Nothing is left in the form that the newer one would overwrite.
    giveUp() {
        if (this.newer)
            this.adopt(this.newer);
    }
}
