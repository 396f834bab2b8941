import { makeClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { loadDescriptor } from '../../../src/lib/descriptors.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { wholeTypes } from '../../../src/xds/sotw.ts';
import { channelOf } from '../../support/raw-ads-client.ts';
import { useRunningServer } from './support/running-server.ts';
import { resource, version, viewOf } from './support/views.ts';

interface Config {
  readonly node: { readonly id: string; readonly userAgentName: string };
  readonly genericXdsConfigs: readonly {
    readonly typeUrl: string;
    readonly name: string;
    readonly versionInfo: string;
    readonly lastUpdated?: { readonly seconds: number };
    readonly configStatus: string;
    readonly clientStatus: string;
    readonly errorState?: { readonly details: string; readonly versionInfo: string };
  }[];
}

const [, cluster] = [...wholeTypes] as [string, string];
const running = useRunningServer();
const happens = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

const root = () => loadDescriptor('status');
const lookup = (name: string) => root().lookupType(`envoy.service.status.v3.${name}`);
const definition = (method: string, streams: boolean) => ({
  path: `/envoy.service.status.v3.ClientStatusDiscoveryService/${method}`,
  requestStream: streams,
  responseStream: streams,
  requestSerialize: (value: object) => {
    const type = lookup('ClientStatusRequest');
    return Buffer.from(type.encode(type.fromObject(value)).finish());
  },
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: (bytes: Buffer) => {
    const type = lookup('ClientStatusResponse');
    const options = { enums: String, longs: Number, arrays: true };
    return type.toObject(type.decode(bytes), options) as { readonly config: readonly Config[] };
  },
});
const Client = makeClientConstructor(
  { Fetch: definition('FetchClientStatus', false), Open: definition('StreamClientStatus', true) },
  'Csds',
);

let authority: Authority;
let server: Svid;
let operator: Svid;
const identity = (account: string) => spiffeId('cluster.local', 'default', account);
beforeAll(async () => {
  authority = await createAuthority({ trustDomain: 'cluster.local' });
  server = await authority.issue(identity('control-plane'));
  operator = await authority.issue(identity('operator'));
});

async function start(types = [cluster, 'endpoints']): Promise<void> {
  await running.start(types, { tls: server, mayInspect: (peer) => peer === identity('operator') });
}

const open = (svid: Svid) =>
  new Client(running.address, channelOf(svid), { 'grpc.ssl_target_name_override': 'control-plane' });

async function fetch(request: object, svid = operator): Promise<readonly Config[]> {
  const client = open(svid);
  try {
    return await new Promise((resolve, reject) => {
      const deadline = Date.now() + 20_000;
      client.Fetch!(request, { deadline }, (error: ServiceError | null, response: { config: readonly Config[] }) =>
        error === null ? resolve(response.config) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

/** A node that has been given what it asks for, and has not answered. */
async function connect(id: string, typeUrl: string, names: readonly string[] = []) {
  const client = running.connect('delta', await authority.issue(identity('node')));
  client.send({ node: { id, userAgentName: 'test' }, typeUrl, resourceNamesSubscribe: names });
  await client.response(1);
  return client;
}

describe('client status discovery', () => {
  it('says of every resource what a client holds, waits for, refused or asked for in vain', async () => {
    await start();
    running.views.set('node', viewOf(`${cluster}/good@1`, `${cluster}/bad@1`, 'endpoints/e@1'));
    const client = await connect('node', cluster);
    client.answer();
    client.send({ typeUrl: 'endpoints', resourceNamesSubscribe: ['none'] });
    await client.response(2);
    client.answer();
    await happens(() => expect(running.of('ack')).toHaveLength(2));
    running.view.update({ set: [resource(`${cluster}/bad@2`)] });
    await client.response(3);
    client.answer({ errorDetail: { code: 3, message: 'bad is bad' } });
    await happens(() => expect(running.of('nack')).toHaveLength(1));
    client.send({ typeUrl: 'endpoints', resourceNamesSubscribe: ['e'] });
    await client.response(4);
    const [config] = await fetch({});
    expect(config?.node).toMatchObject({ id: 'node', userAgentName: 'test' });
    const found = config!.genericXdsConfigs.map(({ lastUpdated, ...rest }) => ({ ...rest, isDated: !!lastUpdated }));
    const endpoints = { typeUrl: 'endpoints', isDated: false };
    const clusters = { typeUrl: cluster, versionInfo: version('1'), isDated: true };
    const errorState = { details: 'bad is bad', versionInfo: version('2'), lastUpdateAttempt: expect.anything() };
    expect(found).toEqual([
      { ...clusters, name: 'good', configStatus: 'SYNCED', clientStatus: 'ACKED' },
      { ...clusters, name: 'bad', configStatus: 'ERROR', clientStatus: 'NACKED', errorState },
      { ...endpoints, name: 'none', configStatus: 'SYNCED', clientStatus: 'DOES_NOT_EXIST' },
      { ...endpoints, name: 'e', configStatus: 'STALE', clientStatus: 'REQUESTED' },
    ]);
  });

  it('tells of the nodes that are asked for', async () => {
    await start();
    const ids = ['shop/one', 'shop/two', 'bank/one'];
    for (const id of ids) {
      running.views.set(id, viewOf(`${cluster}/a@1`));
      await connect(id, cluster);
    }
    const matching = async (...nodeIds: readonly object[]) =>
      (await fetch({ nodeMatchers: nodeIds.map((nodeId) => ({ nodeId })) })).map(({ node }) => node.id);
    expect(await matching()).toEqual(ids);
    expect(await matching({ exact: 'shop/two' })).toEqual(['shop/two']);
    expect(await matching({ prefix: 'SHOP/', ignoreCase: true })).toEqual(['shop/one', 'shop/two']);
    expect(await matching({ suffix: '/one' })).toEqual(['shop/one', 'bank/one']);
    expect(await matching({ contains: 'k/' }, { exact: 'shop/two' })).toEqual(['shop/two', 'bank/one']);
    expect(await matching({ exact: 'shop' })).toEqual([]);
    const regex = fetch({ nodeMatchers: [{ nodeId: { safeRegex: { regex: '.*' } } }] });
    await expect(regex).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('answers every request of a stream as things are then', async () => {
    await start();
    running.views.set('node', viewOf(`${cluster}/a@1`));
    const client = open(operator);
    const stream = client.Open!() as ReturnType<typeof client.makeBidiStreamRequest>;
    const answers: { readonly config: readonly Config[] }[] = [];
    stream.on('data', (answer: { readonly config: readonly Config[] }) => answers.push(answer));
    stream.write({});
    await happens(() => expect(answers).toEqual([{ config: [] }]));
    await connect('node', cluster);
    stream.write({});
    await happens(() => expect(answers[1]?.config.map(({ node }) => node.id)).toEqual(['node']));
    stream.end();
    await new Promise((resolve) => stream.on('end', resolve));
    client.close();
  });

  it('is for nobody but those that it is for', async () => {
    await start();
    const svid = await authority.issue(identity('node'));
    await expect(fetch({}, svid)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    const client = open(svid);
    const stream = client.Open!() as ReturnType<typeof client.makeBidiStreamRequest>;
    const error = await new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    expect(error.code).toBe(status.PERMISSION_DENIED);
    client.close();
    await running.stop();
    await running.start([cluster], { tls: server });
    await expect(fetch({})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it('has an end to what one answer holds', async () => {
    await running.start([cluster], { tls: server, mayInspect: () => true, limits: { maxNames: 2 } });
    running.views.set('node', viewOf(`${cluster}/a@1`, `${cluster}/b@1`, `${cluster}/c@1`));
    await connect('node', cluster);
    await expect(fetch({})).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });
});
