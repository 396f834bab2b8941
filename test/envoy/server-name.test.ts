import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceId, workloadId } from '../../src/model/ids.ts';
import type { MeshModel } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { sampleModel } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { openSocket } from '../support/mesh/envoy-process.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';

const { path: binary } = envoyBinary();
const planes: readonly Plane[] = binary === undefined ? [proxyPlane] : [proxyPlane, envoyPlane(binary)];
const workloads = ['store-v1', 'store-v2', 'buyer'].map((name) => workloadId('default', name));

let range: AddressRange;
let credentials: Credentials;

beforeAll(async () => {
  range = await takeAddressRange();
  credentials = await createCredentials();
});

afterAll(() => range.release());

describe.each(planes)('TCP services that share an intercepted port number, by $name', (plane) => {
  it('are told apart by the server name of TLS', async () => {
    const model = withLedger(sampleModel({ base: range.base, mode: 'allow', clients: 'intercepted' }));
    const stops = [await startPrograms(model), await plane.start(model, workloads, credentials)];
    const ask = async (bytes: Buffer) => {
      const socket = await openSocket({ host: `127.${range.base}.0.1`, port: 5432 });
      let text = '';
      socket.on('data', (piece) => {
        text += piece.toString();
      });
      socket.write(bytes);
      await new Promise((resolve) => socket.on('error', resolve).on('end', resolve).on('close', resolve));
      socket.destroy();
      return text.trim();
    };
    try {
      expect(await ask(await clientHello('database.default.svc'))).toBe('default/store-v1');
      expect(await ask(await clientHello('LEDGER'))).toBe('default/store-v2');
      expect(await ask(await clientHello('elsewhere.example'))).toBe('');
      expect(await ask(Buffer.from('hello, not TLS\n'))).toBe('');
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  });
});

/** Another TCP service at the database's port number, of `store-v2`. */
function withLedger(model: MeshModel): MeshModel {
  const [database, id] = [serviceId('default', 'database'), serviceId('default', 'ledger')];
  const hosts = ['ledger.default', 'ledger.default.svc'] as const;
  const targets = [{ workload: workloadId('default', 'store-v2'), port: 15_002 }];
  const ports = model.services[database]!.ports.map((port) => ({ ...port, targets }));
  const ledger = { ...model.services[database]!, id, name: 'ledger', hosts, ports };
  return {
    ...model,
    services: { ...model.services, [id]: ledger },
    outbound: { ...model.outbound, [id]: { ...structuredClone(model.outbound[database]!), service: id } },
  };
}

/** The first bytes of a client of TLS. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ host: '127.0.0.1', port, servername });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}
