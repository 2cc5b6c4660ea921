// SPDX-License-Identifier: Apache-2.0
// validate.mjs < DOCUMENT: whether it is an OpenAPI 3.1 document.  One that is none must not pass either, or nothing was shown.
import { Validator } from '@seriousme/openapi-schema-validator';
import { text } from 'node:stream/consumers';

const document = JSON.parse(await text(process.stdin));
const validator = new Validator();
const result = await validator.validate(document);
if (!result.valid || validator.version !== '3.1') {
    console.log(JSON.stringify(result.errors, null, 1));
    process.exit(1);
}
const broken = structuredClone(document);
const item = Object.values(broken.paths)[0];
delete Object.values(item)[0].responses[200].description;
if ((await new Validator().validate(broken)).valid) {
    console.log('an answer without a description passes as well');
    process.exit(1);
}
console.log(`${Object.keys(document.paths).length} paths`);
