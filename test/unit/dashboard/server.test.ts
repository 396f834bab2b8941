import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/server.ts';
import { ok } from '../../../src/lib/result.ts';

const asked: string[] = [];
const moved: string[] = [];
let dashboard: Dashboard;
let token = '';

beforeAll(async () => {
  dashboard = await serveDashboard({
    ...{ mesh: 'a mesh', port: 0 },
    upstream: {
      open: async (target) => {
        asked.push(target);
        return { status: 200, type: 'application/json', body: Readable.from(['{}\n']) };
      },
    },
    editor: {
      setWeights: async (split) => {
        moved.push(split);
        return ok(undefined);
      },
    },
  });
  token = new URL(dashboard.url).hash.replace('#token=', '');
});

afterAll(() => dashboard.close());

const body = JSON.stringify({ expected: { a: 1 }, weights: { a: 2 } });

/** The status of a request with just these headers. */
function ask(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage) => resolve(answer.resume().statusCode);
    const sent = request({ port: dashboard.port, host: '127.0.0.1', path, method, headers, agent: false }, answered);
    sent.once('error', reject);
    sent.end(method === 'POST' ? body : undefined);
  });
}

const own = () => `127.0.0.1:${dashboard.port}`;

describe('a name that others let resolve to this machine', () => {
  test.each([
    'rebound.example',
    'rebound.example:80',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
    '10.0.0.1',
  ])('Host: %s gets neither data nor the page', async (host) => {
    asked.length = 0;
    for (const path of ['/', '/api/session', '/api/topology', '/proxies', '/tap', '/assets/app.js']) {
      expect(await ask(path, { host })).toBe(403);
    }
    expect(asked).toEqual([]);
  });

  test('gets no weights moved either, whatever token it sends', async () => {
    const headers = { origin: 'http://rebound.example', authorization: `Bearer ${token}` };
    expect(await ask('/api/splits/default/a', { ...headers, host: 'rebound.example' }, 'POST')).toBe(403);
    expect(await ask('/api/splits/default/a', { ...headers, host: own() }, 'POST')).toBe(403);
    expect(moved).toEqual([]);
  });
});

test.each(['localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('Host: %s is answered', async (name) => {
  expect(await ask('/api/topology', { host: name })).toBe(200);
  expect(await ask('/api/topology', { host: `${name}:${dashboard.port}` })).toBe(200);
});

test('pages of other origins get nothing', async () => {
  expect(await ask('/api/topology', { host: own(), origin: 'http://elsewhere.example' })).toBe(403);
  expect(await ask('/api/topology', { host: own(), origin: 'null' })).toBe(403);
  expect(await ask('/api/topology', { host: own(), origin: `http://${own()}` })).toBe(200);
});

test('weights are moved by the page itself with its token, and by nobody else', async () => {
  const origin = `http://${own()}`;
  const path = '/api/splits/default/a';
  const authorization = `Bearer ${token}`;
  expect(await ask(path, { host: own(), authorization }, 'POST')).toBe(403);
  expect(await ask(path, { host: own(), origin }, 'POST')).toBe(401);
  expect(await ask(path, { host: own(), origin, authorization: 'Bearer guess' }, 'POST')).toBe(401);
  expect(moved).toEqual([]);
  expect(await ask(path, { host: own(), origin, authorization }, 'POST')).toBe(200);
  expect(moved).toEqual(['default/a']);
});

test('what is no page of the control plane is not passed on', async () => {
  asked.length = 0;
  expect(await ask('/profile/heap', { host: own() })).toBe(404);
  expect(await ask('/tap?status=403', { host: own() })).toBe(200);
  expect(asked).toEqual(['/tap?status=403']);
});

test('TrafficMetrics are passed on, and no other API', async () => {
  asked.length = 0;
  const path = '/apis/metrics.smi-spec.io/v1alpha2/pods?window=1m';
  expect(await ask(path, { host: own() })).toBe(200);
  expect(await ask('/apis/metrics.smi-spec.iox/v1', { host: own() })).toBe(404);
  expect(await ask('/apis/apps/v1/deployments', { host: own() })).toBe(404);
  expect(asked).toEqual([path]);
});
