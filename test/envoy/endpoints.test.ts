import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { Caller, localMesh } from '../support/mesh/caller.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { ScriptedPrograms } from '../support/mesh/scripted.ts';
import { pod, service } from '../support/objects.ts';
import { trafficPolicy } from '../support/policies.ts';

const { path: binary } = envoyBinary();
const planes = [proxyPlane, ...(binary === undefined ? [] : [envoyPlane(binary)])];
const longMillis = 60_000;

const zone = (name: string) => ({ 'topology.kubernetes.io/region': 'west', 'topology.kubernetes.io/zone': name });
const plain = { 'smi-mesh.io/sidecar': 'disabled' };
const check = (query: string) => `healthCheck: { path: "/healthz?${query}", interval: 100ms, unhealthyAfter: 1 }`;

const random = 'loadBalancer: { algorithm: random }';

const input = {
  services: ['ejecting', 'checked', 'near', 'far'].map((name) => service(name, { app: 'shop' })),
  pods: [
    pod('client', { ports: [], annotations: zone('near') }),
    ...['near-1', 'near-2'].map((name) => pod(name, { app: 'shop', annotations: { ...plain, ...zone('near') } })),
    ...['far-1', 'far-2'].map((name) => pod(name, { app: 'shop', annotations: { ...plain, ...zone('far') } })),
  ],
  policies: [
    trafficPolicy(
      'ejecting',
      `${random}\noutlierDetection: { consecutiveFailures: 3, ejection: { time: 1s }, interval: 1s }\nretries: { attempts: 0 }`,
    ),
    // Four programs are asked for the same target, so that one of them gets about a quarter of what is counted.
    trafficPolicy('checked', `${random}\n${check('fail=500&only=near-1&times=80&for=checked')}`),
    trafficPolicy(
      'near',
      `loadBalancer: { algorithm: random, locality: { prefer: true } }\n${check('fail=500&only=near-1&for=near')}`,
    ),
    trafficPolicy('far', 'loadBalancer: { algorithm: random, locality: { failover: [far] } }'),
  ],
};

let range: AddressRange;
beforeAll(async () => {
  range = await takeAddressRange();
});
afterAll(() => range.release());

describe.each(planes)('endpoints, in $name', (plane) => {
  const programs = new ScriptedPrograms();
  const cleanups: (() => unknown)[] = [];
  let caller: Caller;
  let count = 0;

  beforeAll(async () => {
    const credentials = await createCredentials();
    const model = localMesh(input, range.base);
    cleanups.push(() => programs.stop());
    await programs.start(model);
    const client = workloadId('default', 'client');
    cleanups.push(await plane.start(model, [client], credentials));
    caller = new Caller(model, client);
    cleanups.push(() => caller.close());
  }, longMillis);
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  /** How many of some requests each program answered well. */
  async function served(name: string, requests: number, query = ''): Promise<Readonly<Record<string, number>>> {
    const answered: Record<string, number> = {};
    for (let sent = 0; sent < requests; sent++) {
      const { status, program = '' } = await caller.ask(name, `GET /?id=${++count}&${query}`);
      if (status === 200) answered[program] = (answered[program] ?? 0) + 1;
    }
    return answered;
  }

  it(
    'that fail are ejected, and return',
    async () => {
      const failing = 'fail=503&only=near-1';
      await expect
        .poll(() => served('ejecting', 20, failing), { timeout: longMillis })
        .toSatisfy((answered) => Object.values(answered as object).reduce((sum, each) => sum + each, 0) === 20);
      await expect.poll(() => served('ejecting', 20), { timeout: longMillis }).toHaveProperty('near-1');
    },
    longMillis,
  );

  it(
    'that fail their health checks get no requests, and get them again when they pass',
    async () => {
      await expect.poll(() => served('checked', 20), { timeout: longMillis }).not.toHaveProperty('near-1');
      await expect.poll(() => served('checked', 20), { timeout: longMillis }).toHaveProperty('near-1');
    },
    longMillis,
  );

  it(
    'that are near lose requests to others by as much as too few of them are healthy',
    async () => {
      await expect.poll(() => served('near', 20), { timeout: longMillis }).not.toHaveProperty('near-1');
      const { 'near-2': near = 0, 'far-1': one = 0, 'far-2': two = 0 } = await served('near', 400);
      expect(near + one + two).toBe(400);
      // Half of them are healthy: 1.4 times as much is 70 %.
      expect(near).toBeGreaterThan(230);
      expect(near).toBeLessThan(330);
    },
    longMillis,
  );

  it('of the places that a policy names come first, for every client', async () => {
    expect(Object.keys(await served('far', 40)).sort()).toEqual(['far-1', 'far-2']);
  });
});
