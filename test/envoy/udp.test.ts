import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type CaseRequest, goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { Exchange } from '../support/mesh/exchange.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';

const { path: binary = '', reason } = envoyBinary();
const envoy = envoyPlane(binary);
const golden = goldenCases().find(({ name }) => name === 'udp-alone')!;
const server = workloadId('default', 'server');
const clients = ['buyer', 'thief'].map((name) => workloadId('default', name));

let range: AddressRange;
let credentials: Credentials;

describe.skipIf(binary === '')(`datagrams with the real Envoy${reason === undefined ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
  });
  afterAll(() => range.release());

  it.each([
    ['Envoy', 'Envoy', envoy, envoy],
    ['our proxy', 'Envoy', proxyPlane, envoy],
    ['Envoy', 'our proxy', envoy, proxyPlane],
  ] as const)('from %s to %s are refused by the server, whatever the client believes', async (_, __, from, to) => {
    const { model } = compileCase(golden, range.base);
    const believed = { ...model, settings: { ...model.settings, accessMode: 'allow' } } as const;
    expect(await answers(model, believed, from, to)).toEqual({ buyer: 'delivered', thief: 'dropped' });
  });

  it('go as they are to a program without sidecar', async () => {
    const { model } = compileCase(golden, range.base);
    const found = model.workloads[server]!;
    const ports = found.ports.map((port) => ({ ...port, meshPort: port.app.port }));
    const plain = { ...found, ports, transport: 'plain' } as const;
    const unmeshed = { ...model, workloads: { ...model.workloads, [server]: plain } };
    expect(await answers(unmeshed, unmeshed, envoy, undefined)).toEqual({ buyer: 'delivered', thief: 'delivered' });
  });
});

/** What becomes of a datagram of each client. */
async function answers(model: MeshModel, believed: MeshModel, from: Plane, to: Plane | undefined) {
  const stops = [await startPrograms(model)];
  try {
    if (to !== undefined) stops.push(await to.start(model, [server], credentials));
    stops.push(await from.start(believed, clients, credentials));
    const exchange = new Exchange(model, credentials, from);
    const found: Record<string, unknown> = {};
    for (const client of clients) {
      const ends = { direction: 'outbound', from: client, to: { host: 'server', port: 53 } };
      const request = { ...ends, traffic: { kind: 'udp' } } as unknown as CaseRequest;
      found[client.slice(client.indexOf('/') + 1)] = (await exchange.send(request, undefined)).answer;
    }
    return found;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
