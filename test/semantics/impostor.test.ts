import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Svid } from '../../src/identity/authority.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { AddressPool } from '../support/mesh/address-pool.ts';
import { type CaseRequest, goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { Exchange } from '../support/mesh/exchange.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';

/** Somebody else stands at the address of a server: a client's sidecar must not hand them its requests. */
const golden = goldenCases().find(({ name }) => name === 'access-buyer-and-thief')!;
const client = 'default/buyer' as WorkloadId;
const server = 'default/server' as WorkloadId;

const pool = new AddressPool();
let credentials: Credentials;

beforeAll(async () => {
  credentials = await createCredentials();
  await pool.fill(1);
});

afterAll(() => pool.release());

const envoy = envoyBinary();

describe('our proxy', () => refusesImpostors(proxyPlane));
describe.skipIf(envoy.path === undefined)(`Envoy${envoy.reason === undefined ? '' : ` (none: ${envoy.reason})`}`, () =>
  refusesImpostors(envoyPlane(envoy.path ?? '')),
);

function refusesImpostors(plane: Plane): void {
  test('serves through a server that proves its identity', async () => {
    expect(await answerFrom(plane, await credentials.of('default/server', 'issued'))).toBe(200);
  });

  test.each([
    ['the certificate of another workload', () => credentials.of('default/thief', 'issued')],
    ['a self-signed certificate for the right identity', () => credentials.of('default/server', 'forged')],
    [
      "another authority's certificate for the right identity",
      () => credentials.of('default/server', 'other-authority'),
    ],
    ['plain text', () => credentials.of('default/server', 'plain-text')],
  ])('answers 503 when the server presents %s', async (_, svid) => {
    expect(await answerFrom(plane, await svid())).toBe(503);
  });
}

/** The status that the client gets when a program with this certificate stands where the server's sidecar should be. */
async function answerFrom(plane: Plane, svid: Svid | undefined): Promise<unknown> {
  return pool.lend(async (base) => {
    const { model } = compileCase(golden, base);
    const impostor = await startImpostor(model, svid);
    const stop = await plane.start(model, [client], credentials);
    const exchange = new Exchange(model, credentials, plane);
    try {
      return (await exchange.send(request(), undefined)).answer;
    } finally {
      exchange.close();
      await stop();
      impostor.closeAllConnections();
      impostor.close();
    }
  });
}

function request(): CaseRequest {
  return golden.requests.find((each) => each.direction === 'outbound' && each.from === client)!;
}

async function startImpostor(model: MeshModel, svid: Svid | undefined) {
  const { addresses, ports } = model.workloads[server]!;
  const answer: Parameters<typeof createHttpServer>[1] = (_, response) => {
    response.setHeader('x-echo-workload', 'impostor');
    response.end();
  };
  const impostor =
    svid === undefined
      ? createHttpServer(answer)
      : createHttpsServer({ cert: svid.certificateChain, key: svid.privateKey }, answer);
  await new Promise<void>((resolve) => impostor.listen(ports[0]!.meshPort, addresses[0]!, resolve));
  return impostor;
}
