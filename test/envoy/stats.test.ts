import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, listen, sampleModel, weighted } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { openSocket } from '../support/mesh/envoy-process.ts';
import { RawClient } from '../support/mesh/http-client.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';

const { path: binary = '', reason } = envoyBinary();
const ids = ['store-v1', 'buyer'].map((name) => workloadId('default', name));

let range: AddressRange;
let credentials: Credentials;

describe.skipIf(binary === '')(`numbers of the real Envoy${reason === undefined ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
  });
  afterAll(() => range.release());

  it('carry the names of services and workloads', async () => {
    const model = sampleModel({ base: range.base, grants: [allowed('buyer', [{}])], rules: [weighted(1, 0)] });
    const stops = [await startPrograms(model), await envoyPlane(binary).start(model, ids, credentials)];
    const client = new RawClient(() => openSocket({ host: `127.${range.base}.0.1`, port: listen.store }));
    try {
      await client.send({ method: 'GET', path: '/', headers: [['Host', 'store']] });
      const caller = await series(1, 'envoy_cluster_upstream_rq_total');
      expect(caller).toContainEqual(
        expect.objectContaining({ service: 'default/store-v1', port: '80', workload: 'default/buyer', value: '1' }),
      );
      const server = await series(3, 'envoy_http_downstream_rq_total');
      expect(server).toContainEqual(
        expect.objectContaining({
          workload: 'default/store-v1',
          envoy_http_conn_manager_prefix: 'inbound/default/store-v1_15001',
          value: '1',
        }),
      );
    } finally {
      client.close();
      for (const stop of stops.reverse()) await stop();
    }
  });
});

/** The labels and values of a metric at the Envoy of one address. */
async function series(last: number, name: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const text = await (await fetch(`http://127.${range.base}.0.${last}:15001/stats/prometheus`)).text();
  return [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\d+)$`, 'gm'))].map(([, labels = '', value = '']) => ({
    ...Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
    value,
  }));
}
