// SPDX-License-Identifier: Apache-2.0
const health = await (await fetch('/api/v1/health')).json();
document.getElementById('health').textContent = health.status === 'ok' ? 'The server answers.' : 'The server cannot be reached.';
