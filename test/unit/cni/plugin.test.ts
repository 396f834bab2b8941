import { describe, expect, it } from 'vitest';
import { isWrapped, withoutPlugin, withPlugin, wrapped, wrappedName } from '../../../src/cni/configuration.ts';
import { answerCni, type CniActions } from '../../../src/cni/plugin.ts';
import type { InterceptionCall } from '../../../src/interception/interception.ts';
import { podAnnotations } from '../../../src/kubernetes/names.ts';
import { err, ok } from '../../../src/lib/result.ts';

const prevResult = { cniVersion: '1.0.0', ips: [{ address: '10.0.0.2/24' }] };
const config = { cniVersion: '1.0.0', name: 'net', type: 'smi-mesh-cni', kubeconfig: '/k', prevResult };
const injected = { [podAnnotations.interception]: '--data-plane envoy --exclude-uids 7' };

async function call(command: string, options: Partial<CniActions> & { config?: unknown; namespace?: string } = {}) {
  const redirected: (readonly [string, InterceptionCall])[] = [];
  const { config: given = config, namespace = 'shop', ...others } = options;
  const actions: CniActions = {
    readPod: async () => ok(injected),
    redirect: async (network, wanted) => {
      redirected.push([network, wanted]);
      return ok(undefined);
    },
    isRedirected: async () => ok(true),
    ...others,
  };
  const environment = {
    CNI_COMMAND: command,
    CNI_NETNS: '/var/run/netns/x',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=web`,
  };
  const { exitCode, output } = await answerCni({ environment, input: JSON.stringify(given) }, actions);
  return { exitCode, said: output === '' ? undefined : (JSON.parse(output) as Record<string, unknown>), redirected };
}

describe('the CNI plug-in', () => {
  it('redirects an injected pod as its annotation says, and hands the result on', async () => {
    const { exitCode, said, redirected } = await call('ADD');
    expect([exitCode, said]).toEqual([0, prevResult]);
    expect(redirected).toMatchObject([
      ['/var/run/netns/x', { dataPlane: 'envoy', interception: { excludeUids: [7] } }],
    ]);
  });

  it('leaves other pods alone, and asks for none of the cluster itself', async () => {
    const other = await call('ADD', { readPod: async () => ok({}) });
    const system = await call('ADD', { namespace: 'kube-system', readPod: async () => err('asked') });
    expect([other, system].map(({ exitCode, said, redirected }) => [exitCode, said, redirected])).toEqual([
      [0, prevResult, []],
      [0, prevResult, []],
    ]);
  });

  it.each([
    ['the apiserver does not answer', { readPod: async () => err('no answer') }, 11],
    ['there is no such pod', { readPod: async () => ok(undefined) }, 11],
    ['the annotation cannot be read', { readPod: async () => ok({ [podAnnotations.interception]: '--all' }) }, 100],
    ['the rules cannot be set', { redirect: async () => err('no nat') }, 100],
    ['it comes first in the list', { config: { ...config, prevResult: undefined } }, 7],
    ['it has no kubeconfig', { config: { ...config, kubeconfig: 1 } }, 7],
    ['its configuration is no object', { config: [] }, 6],
  ])('lets no pod start when %s', async (_what, options, code) => {
    const { exitCode, said } = await call('ADD', options as Parameters<typeof call>[1]);
    expect([exitCode, said?.code]).toEqual([1, code]);
    expect(said?.msg).toMatch(/^smi-mesh: /);
  });

  it('checks, and has nothing to take away', async () => {
    expect(await call('CHECK')).toMatchObject({ exitCode: 0, said: undefined, redirected: [] });
    expect(await call('CHECK', { isRedirected: async () => ok(false) })).toMatchObject({ exitCode: 1 });
    expect(await call('DEL', { readPod: async () => err('asked') })).toMatchObject({ exitCode: 0, said: undefined });
  });

  it('tells its versions, and no command but those of the specification', async () => {
    expect((await call('VERSION')).said).toMatchObject({ supportedVersions: expect.arrayContaining(['1.0.0']) });
    expect(await call('GC')).toMatchObject({ exitCode: 1, said: { code: 4 } });
  });
});

describe('the configuration of a node', () => {
  const list = JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge' }] });
  const types = (text: string | undefined) =>
    (JSON.parse(text ?? '{}') as { plugins: { type: string }[] }).plugins.map(({ type }) => type);

  it('has the plug-in at its end, once', () => {
    const first = withPlugin(list, '/k');
    expect(types(first)).toEqual(['bridge', 'smi-mesh-cni']);
    expect(withPlugin(first ?? '', '/k')).toBeUndefined();
    expect(types(withPlugin(first ?? '', '/other'))).toEqual(['bridge', 'smi-mesh-cni']);
    expect(types(withoutPlugin(first ?? ''))).toEqual(['bridge']);
    expect(withoutPlugin(list)).toBeUndefined();
  });

  it('of one plug-in alone becomes a list that comes before it', () => {
    const text = wrapped(JSON.stringify({ cniVersion: '0.4.0', name: 'net', type: 'bridge', mtu: 1 }));
    expect(JSON.parse(text ?? '')).toEqual({ cniVersion: '0.4.0', name: 'net', plugins: [{ type: 'bridge', mtu: 1 }] });
    const name = wrappedName('10-net.conf');
    expect([name, name < '10-net.conf', isWrapped(name)]).toEqual(['00-smi-mesh-10-net.conflist', true, true]);
  });

  it('that cannot be read stays', () => {
    expect([withPlugin('{', '/k'), withoutPlugin('[]'), wrapped(list)]).toEqual([undefined, undefined, undefined]);
  });
});
