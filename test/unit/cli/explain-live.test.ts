import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { staticBootstrap } from '../../../adapters/proxy/bootstrap.ts';
import { type ProxyConfiguration, readProxies } from '../../../src/cli/explain/live/proxies.ts';
import { liveReport, liveText } from '../../../src/cli/explain/live/report.ts';
import { explain } from '../../../src/explain/explain.ts';
import type { Question } from '../../../src/explain/explanation.ts';
import { plainStyle } from '../../../src/lib/text-style.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { startAdmin } from '../../../src/proxy/admin/server.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { TapHub } from '../../../src/telemetry/tap.ts';
import { compile, group, pod, service, split, target } from '../../support/objects.ts';

interface Mesh {
  readonly weights?: Readonly<Record<string, number>>;
  readonly sources?: readonly string[];
  readonly path?: string;
}

function mesh({ weights = { v1: 9, v2: 1 }, sources = ['client'], path = '/books' }: Mesh = {}): MeshModel {
  return compile({
    services: [service('shop'), service('v1'), service('v2')],
    pods: [pod('client'), pod('shop'), pod('v1', { account: 'shop' }), pod('v2', { account: 'shop' })],
    splits: [split('s', 'shop', weights), split('canary', 'shop', { v2: 1 }, { matches: ['c'] })],
    routeGroups: [
      group('c', { c: { headers: { 'x-canary': 'yes', host: 'shop' } } }),
      group('g', { read: { pathRegex: path, methods: ['GET'] } }),
    ],
    targets: [target('t', 'shop', sources, ['HTTPRouteGroup g'])],
  }).model;
}

function resources(model: MeshModel, workload: string): readonly unknown[] {
  const files = { certificateChain: '', privateKey: '', trustBundle: '' };
  return (staticBootstrap(model, workload as WorkloadId, files) as { resources: readonly unknown[] }).resources;
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-mesh-live-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What proxies keep in their state directory when they run under a model. */
function running(model: MeshModel, ...pods: readonly string[]): Promise<readonly ProxyConfiguration[]> {
  for (const name of pods) {
    const kept = resources(model, `default/${name}`).map((resource) => ({ version: '1', resource }));
    writeFileSync(join(folder, `default.${name}.proxy.json`), JSON.stringify({ resources: kept }));
  }
  return readProxies({ state: folder });
}

const question: Question = { from: 'client', to: 'shop', path: '/books' };

function report(manifests: MeshModel, proxies: readonly ProxyConfiguration[], asked = question) {
  const explained = explain(manifests, asked);
  if (!explained.ok) throw new Error(explained.error);
  const live = liveReport(manifests, asked, explained.value, proxies);
  return { ...live, text: liveText(live, explained.value.verdict, plainStyle).join('\n') };
}

describe('against the state of proxies', () => {
  it('says that they have what the manifests mean', async () => {
    const { same, verdict, text } = report(mesh(), await running(mesh(), 'client', 'v1', 'v2', 'shop'));
    expect(same).toBe(true);
    expect(verdict).toBe('allowed');
    expect(text).toContain('live: the running proxies have what the manifests mean');
    expect(text).toContain('default/client: OutboundService default/shop:80 as in the manifests');
  });

  it('does so for a service without a split', async () => {
    const asked = { ...question, to: 'v1' };
    expect(report(mesh(), await running(mesh(), 'client', 'v1'), asked).same).toBe(true);
  });

  it('shows other weights, and only the rule that differs', async () => {
    const found = report(mesh(), await running(mesh({ weights: { v1: 1, v2: 1 } }), 'client', 'v1', 'v2'));
    expect(found.same).toBe(false);
    expect(found.verdict).toBe('allowed');
    expect(found.proxies[0]).toMatchObject({
      workload: 'default/client',
      state: 'different',
      manifests: ['anything to default/v1:80 9, default/v2:80 1'],
      proxy: ['anything to default/v1:80 1, default/v2:80 1'],
    });
    expect(found.proxies.slice(1).map(({ state }) => state)).toEqual(['same', 'same']);
  });

  it.each<[string, Mesh]>([
    ['another source', { sources: ['v1'] }],
    ['another path', { path: '/films' }],
  ])('of %s says what the proxies answer', async (_what, other) => {
    const found = report(mesh(), await running(mesh(other), 'client', 'v1', 'v2'));
    expect(found.verdict).toBe('denied');
    expect(found.text).toContain('the running proxies have something else: denied');
    expect(found.proxies.map(({ state }) => state)).toEqual(['same', 'different', 'different']);
  });

  it('says which proxies it knows nothing of, and takes the manifests for them', async () => {
    const found = report(mesh(), await running(mesh(), 'client'));
    expect(found.same).toBe(true);
    expect(found.proxies.map(({ state }) => state)).toEqual(['same', 'unknown', 'unknown']);
  });

  it('is not the same when nothing could be compared', async () => {
    const found = report(mesh(), await running(mesh(), 'shop'));
    expect(found.same).toBe(false);
    expect(found.text).toContain('none of the given proxies takes part');
  });

  it('finds a service that the proxy does not have', async () => {
    const found = report(mesh(), await running(compile({ pods: [pod('client')] }).model, 'client'));
    expect(found.proxies[0]).toMatchObject({ state: 'absent', workload: 'default/client' });
    expect(found.same).toBe(false);
  });
});

describe('against an admin address', () => {
  const counted = { registry: new MetricsRegistry(), workload: 'default/client', startedAt: 0 };

  it('reads the configuration of the proxy', async () => {
    const config = { node: 'default/client', version: 3, resources: resources(mesh(), 'default/client') };
    const admin = await startAdmin('127.0.0.1', 0, {
      ready: () => true,
      config: () => config,
      counted,
      taps: new TapHub(),
      ejections: () => [],
    });
    if (!admin.ok) throw new Error(admin.error);
    try {
      const proxies = await readProxies({ live: [`http://127.0.0.1:${admin.value.port}`] });
      expect(proxies.map(({ node }) => node)).toEqual(['default/client']);
      expect(report(mesh(), proxies).proxies[0]).toMatchObject({ state: 'same' });
    } finally {
      admin.value.close();
    }
  });

  it('says that what answers is no proxy', async () => {
    const admin = await startAdmin('127.0.0.1', 0, {
      ready: () => true,
      config: () => ({}),
      counted,
      taps: new TapHub(),
      ejections: () => [],
    });
    if (!admin.ok) throw new Error(admin.error);
    try {
      const asked = readProxies({ live: [`http://127.0.0.1:${admin.value.port}`] });
      await expect(asked).rejects.toThrow(/is not the configuration of a proxy: it has no resources/);
    } finally {
      admin.value.close();
    }
  });

  it('says that nothing answers', async () => {
    await expect(readProxies({ live: ['http://127.0.0.1:1'] })).rejects.toMatchObject({
      diagnostic: { code: 'SMI6110', message: expect.stringMatching(/the proxy at .* does not answer/) },
    });
  });
});

it.each([
  ['nothing', 'has no state of a proxy'],
  ['{', 'is not the state of a proxy'],
  ['{"resources":[]}', 'it has no Workload'],
])('a state directory with %s is refused', async (content, sentence) => {
  if (content !== 'nothing') writeFileSync(join(folder, 'default.x.proxy.json'), content);
  await expect(readProxies({ state: folder })).rejects.toThrow(sentence);
});
