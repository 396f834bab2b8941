import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../../src/proxy/index.ts';
import { type MoodyServer, metricValue, moodyServer } from '../support/flow.ts';
import { conversation, endpoints, ownAddress, policy, service, until, workload } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const silent = { log: () => {} };

/** A client's proxy and two programs behind theirs, with mutual TLS and HTTP/2 between the proxies. */
async function world(clusterPolicy: object) {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const address = ownAddress();
  const programs = await Promise.all([moodyServer(), moodyServer()]);
  const startServer = async (program: MoodyServer, at: string): Promise<RunningProxy> => {
    const inbound = {
      address: at,
      port: 14001,
      containerPort: 80,
      protocol: 'HTTP',
      appAddress: program.address,
      appPort: program.port,
    };
    const grant = {
      rule: 'default/clients',
      identities: [account('client')],
      to: [{ transport: 'TCP', ports: [80], anyHttp: true }],
    };
    const resources = [
      workload({
        name: 'default/store',
        identity: account('store'),
        inboundPolicy: 'default/store',
        inbound: [inbound],
      }),
      policy('default/store', [grant]),
    ];
    const secret = await authority.issue(account('store'));
    const server = await startProxy(
      { node: 'default/store', admin: { address: at, port: 0 }, secret, resources },
      silent,
    );
    cleanups.push(() => server.stop());
    await server.ready;
    return server;
  };
  const addresses = programs.map(() => ownAddress());
  const servers = await Promise.all(programs.map((program, index) => startServer(program, addresses[index]!)));
  const client = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      secret: await authority.issue(account('client')),
      resources: [
        workload({
          name: 'default/client',
          identity: account('client'),
          outbound: [{ address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
        }),
        service('store', 80, { store: 1 }, { policies: [{ any: true, retries: { attempts: 0 } }] }),
        {
          ...endpoints(
            'store',
            80,
            addresses.map((at) => ({ address: at, port: 14001, identity: account('store') })),
          ),
          policy: { loadBalancer: { algorithm: 'ROUND_ROBIN' }, ...clusterPolicy },
        },
      ],
    },
    silent,
  );
  cleanups.push(() => client.stop(), ...programs.map((program) => () => program.kill().catch(() => {})));
  await client.ready;
  const ask = async (times: number) => {
    const statuses = [];
    for (let i = 0; i < times; i++) {
      const text = await conversation(address, 20000, 'GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n');
      statuses.push(Number(text.slice(9, 12)));
    }
    return statuses;
  };
  const metric = (name: string, labels?: Record<string, string>) => metricValue(client, name, labels);
  const restart = (index: number) => startServer(programs[index]!, addresses[index]!);
  return { programs, servers, ask, metric, restart };
}

const bad = (statuses: readonly number[]) => statuses.filter((status) => status !== 200);

describe('between sidecars', () => {
  test('a program that fails is ejected at the client and probed by a request that goes all the way', async () => {
    const { programs, ask, metric } = await world({
      outlierDetection: { ejectionMs: 300, maxEjectionMs: 300, probePath: '/live' },
    });
    expect(bad(await ask(4))).toEqual([]);
    const [first] = programs as [MoodyServer, MoodyServer];
    first.behave = 503;
    expect(bad(await ask(16))).toEqual(Array(5).fill(503));
    await until(() => first.probes.length >= 2, 'two probes');
    expect(new Set(first.probes)).toEqual(new Set(['GET /live HTTP/1.1']));
    first.behave = 200;
    await until(async () => (await metric('smi_endpoints', { state: 'ejected' })) === 0, 'its return');
    expect(bad(await ask(4))).toEqual([]);
    expect(await metric('smi_outlier_ejections_total')).toBe(1);
  });

  test('a killed sidecar is ejected, and comes back when its handshake proves its identity', async () => {
    const { programs, servers, ask, metric, restart } = await world({
      outlierDetection: { consecutiveFailures: 2, ejectionMs: 300, maxEjectionMs: 300 },
    });
    expect(bad(await ask(4))).toEqual([]);
    await servers[0]!.stop();
    expect(bad(await ask(10)).length).toBeLessThanOrEqual(2);
    await until(async () => (await metric('smi_outlier_probes_total', { result: 'failure' })) >= 1, 'a failed probe');
    expect(bad(await ask(6))).toEqual([]);
    await restart(0);
    await until(async () => (await metric('smi_endpoints', { state: 'healthy' })) === 2, 'its return');
    const before = programs[0]!.requests.length;
    expect(bad(await ask(4))).toEqual([]);
    expect(programs[0]!.requests.length).toBe(before + 2);
  });

  test('what a program says of being overloaded is no word of the mesh', async () => {
    const { programs, ask, metric } = await world({ outlierDetection: { ejectionMs: 600_000 } });
    programs[0]!.behave = 'overloaded';
    expect(bad(await ask(20))).toEqual(Array(5).fill(503));
    expect(await metric('smi_outlier_ejections_total')).toBe(1);
  });
});
