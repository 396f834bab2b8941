import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignLocal, parseLocalOutbound, parseLocalPorts } from '../../../src/kubernetes/local-addressing.ts';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import { pod, service } from '../../support/objects.ts';

function described(pods: readonly PodObject[]) {
  return pods.map((one) => ({
    name: one.meta.name,
    address: one.ips[0],
    ports: Object.fromEntries(parseLocalPorts(one) ?? []),
    outbound: (parseLocalOutbound(one) ?? []).map(({ service: id, port, listen }) => `${id}:${port} ${listen}`),
  }));
}

describe('a new pod', () => {
  it('gets an address of its own, its mesh port where it may be, and an outbound port for each service port', () => {
    const services = [service('shop', { ports: ['14001'] }), service('web', { app: 'shop', ports: ['80:80'] })];
    expect(
      described(assignLocal([], [pod('shop', { ports: ['14001'] }), pod('client', { ports: [] })], services, 9)),
    ).toEqual([
      {
        name: 'shop',
        address: '127.9.0.1',
        ports: { 80: { mesh: 17000, app: 16000 }, 14001: { mesh: 14001, app: 16001 } },
        outbound: ['default/shop:14001 20000', 'default/web:80 20001'],
      },
      {
        name: 'client',
        address: '127.9.0.2',
        ports: {},
        outbound: ['default/shop:14001 20000', 'default/web:80 20001'],
      },
    ]);
  });

  it.each([
    [1023, 17000],
    [1024, 1024],
    [14999, 14999],
    [15000, 17000],
    [20000, 17000],
  ])('with container port %d has mesh port %d', (port, mesh) => {
    const [assigned] = described(assignLocal([], [pod('a', { ports: [String(port)] })], [], 1));
    expect(assigned?.ports).toEqual({ [port]: { mesh, app: 16000 } });
  });

  it('has a UDP port beside the TCP port of its number', () => {
    const dns = service('dns', { ports: ['53:5353', '53:5353'] });
    const ports = dns.ports.map((port, index) => ({
      ...port,
      protocol: index === 0 ? ('UDP' as const) : ('TCP' as const),
    }));
    const [assigned] = assignLocal([], [pod('dns', { ports: [] })], [{ ...dns, ports }], 9);
    expect(Object.fromEntries(parseLocalPorts(assigned!) ?? [])).toEqual({
      5353: { mesh: 5353, app: 16000 },
      '5353/udp': { mesh: 17000, app: 16001 },
    });
    expect(parseLocalOutbound(assigned!)).toEqual([
      { service: 'default/dns', port: 53, listen: 20000 },
      { service: 'default/dns', port: 53, udp: true, listen: 20001 },
    ]);
  });

  it('without sidecar is reached at its program', () => {
    const plain = pod('a', { ports: ['8080'], annotations: { 'smi-mesh.io/sidecar': 'disabled' } });
    expect(described(assignLocal([], [plain], [], 1))[0]?.ports).toEqual({ 8080: { mesh: 8080, app: 8080 } });
  });
});

const podNames = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
const serviceNames = fc.uniqueArray(fc.constantFrom('s', 't', 'u', 'v'));
const state = fc.tuple(podNames, serviceNames, fc.uniqueArray(fc.integer({ min: 1, max: 30_000 }), { maxLength: 4 }));

describe('while pods, ports and services come and go', () => {
  it('what stays keeps its place, and no two things share one', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 2, maxLength: 6 }), (states) => {
        let previous: readonly PodObject[] = [];
        for (const [pods, services, ports] of states) {
          const next = assignLocal(
            previous,
            pods.map((name) => pod(name, { ports: ports.map(String) })),
            services.map((name) => service(name, { ports: ['80:8080', '81:8081'] })),
            5,
          );
          checkStable(previous, next);
          checkDistinct(next);
          previous = next;
        }
      }),
      { numRuns: 200 },
    );
  });
});

function checkStable(previous: readonly PodObject[], next: readonly PodObject[]): void {
  for (const one of next) {
    const old = previous.find(({ meta }) => meta.name === one.meta.name);
    if (old === undefined) continue;
    expect(one.ips).toEqual(old.ips);
    const ports = parseLocalPorts(one);
    for (const [port, place] of parseLocalPorts(old) ?? []) expect(ports?.get(port) ?? place).toEqual(place);
    const listens = new Map(
      parseLocalOutbound(one)?.map((binding) => [`${binding.service}:${binding.port}`, binding.listen]),
    );
    for (const { service: id, port, listen } of parseLocalOutbound(old) ?? []) {
      expect(listens.get(`${id}:${port}`) ?? listen).toBe(listen);
    }
  }
}

function checkDistinct(pods: readonly PodObject[]): void {
  const addresses = pods.map(({ ips }) => ips[0]);
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const one of pods) {
    const inbound = [...(parseLocalPorts(one)?.values() ?? [])].flatMap(({ mesh, app }) => [mesh, app]);
    const all = [15_000, ...inbound, ...(parseLocalOutbound(one) ?? []).map(({ listen }) => listen)];
    expect(new Set(all).size).toBe(all.length);
  }
}

describe('annotations that others wrote', () => {
  it.each(['', '[]', '{"x":{"mesh":1,"app":2}}', '{"80":{"mesh":0,"app":2}}', '{"80":1}', 'null', '{'])(
    'as %j are not understood',
    (text) => {
      expect(parseLocalPorts(pod('a', { annotations: { 'smi-mesh.io/local-ports': text } }))).toBeUndefined();
    },
  );

  it.each(['', '{}', '[1]', '[{"service":1,"port":1,"listen":1}]', '[{"service":"a/b","port":1,"listen":70000}]'])(
    'of outbound ports as %j are not understood',
    (text) => {
      expect(parseLocalOutbound(pod('a', { annotations: { 'smi-mesh.io/local-outbound': text } }))).toBeUndefined();
    },
  );
});
