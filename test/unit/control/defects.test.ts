import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../../src/adapter/contract.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { startControlPlane } from '../../../src/control/control-plane.ts';

test('a defect while publishing is reported, and the control plane stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-defect-'));
  writeFileSync(join(folder, 'shop.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: { name: shop }\n');
  const reported = Promise.withResolvers<string>();
  const adapter: DataPlaneAdapter = {
    ...(proxyAdapter as DataPlaneAdapter),
    units: () => {
      throw new Error('planted');
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
  try {
    controlPlane.start();
    expect(await reported.promise).toContain('planted');
    expect(controlPlane.counters().nacks).toBe(0);
  } finally {
    await controlPlane.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
