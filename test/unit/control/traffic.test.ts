import { expect, test } from 'vitest';
import { measureTraffic } from '../../../src/control/traffic.ts';
import { sampleModel } from '../../support/envoy-model.ts';

test('a mesh whose proxies do not count says so, and does not answer zeros', async () => {
  const model = sampleModel({ base: 1 });
  let now = model;
  const { pages, close } = measureTraffic(
    { model: () => now, documents: () => [] },
    { port: 1, intervalMillis: 60_000 },
  );
  const ask = (page: 'traffic' | 'apis', path: string) =>
    pages[page]!({ method: 'GET', path, query: new URLSearchParams(), gone: new AbortController().signal });
  try {
    expect((await ask('traffic', '/traffic')).status).toBe(200);
    now = { ...model, settings: { ...model.settings, metrics: 'none' } };
    const said = expect.stringContaining('no proxy counts traffic');
    expect(await ask('traffic', '/traffic')).toMatchObject({ status: 503, body: said });
    expect(await ask('apis', '/apis/metrics.smi-spec.io/v1alpha1/namespaces')).toMatchObject({
      status: 503,
      body: said,
    });
  } finally {
    close();
  }
});
