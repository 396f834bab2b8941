import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../../src/adapter/contract.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { startControlPlane } from '../../../src/control/control-plane.ts';
import { TestAdsClient } from '../../support/ads-client.ts';

test('a defect while a proxy is served is reported, and the control plane stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-defect-'));
  writeFileSync(
    join(folder, 'shop.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: { name: shop }\nspec: { serviceAccountName: shop, containers: [{ name: main }] }\n',
  );
  const reported = Promise.withResolvers<string>();
  let broken = true;
  const adapter: DataPlaneAdapter = {
    ...(proxyAdapter as DataPlaneAdapter),
    view: (model, workload, context) => {
      if (broken) throw new Error('planted');
      return (proxyAdapter as DataPlaneAdapter).view(model, workload, context);
    },
  };
  const controlPlane = await startControlPlane({
    paths: [folder],
    adapters: [{ adapter, options: {} }],
    compileOptions: defaultCompileOptions,
    ads: { address: '127.0.0.1', port: 0 },
    onEvent: (event) => {
      if (event.type === 'finding' && event.diagnostic.code === 'SMI6003') reported.resolve(event.diagnostic.message);
    },
  });
  const clients: TestAdsClient[] = [];
  const connect = async () => {
    const identity = await controlPlane.issue('spiffe://cluster.local/ns/default/sa/shop');
    const types = [...adapter.typeOrder];
    const client = new TestAdsClient(`127.0.0.1:${controlPlane.ads.port}`, 'default/shop', types, { identity });
    clients.push(client);
    return client;
  };
  try {
    controlPlane.start();
    const refused = await connect();
    expect(await reported.promise).toContain('planted');
    await refused.until(() => refused.error !== undefined);
    expect(refused.error?.code).toBe(status.INTERNAL);
    expect(refused.error?.details).toContain('defect of the control plane');
    broken = false;
    const served = await connect();
    await served.until(() => served.names.includes('Workload default/shop'));
  } finally {
    for (const client of clients) client.close();
    await controlPlane.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
