import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, itemsOf } from '../../../src/install/kinds.ts';
import { isRecord } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { meshImages } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';
import { chart, helm, helmMissing } from '../support/helm.ts';
import { reportOf, rolledOut } from './support/mesh.ts';
import { planes, twoPlanes } from './support/two-planes.ts';

const node = 'node-1';
const system = 'smi-mesh-system';
const release = ['smi-mesh', '--namespace', system];

/** What few clusters use: ordinary sidecars, the CNI plug-in; and the removal by Helm. */
describe.skipIf(helmMissing)('by Helm, on real nodes', async () => {
  const lab = await startLab({ nodes: 1, images: [meshImages(console.log)] });
  afterAll(() => lab.stop());

  beforeAll(async () => {
    const options = ['--create-namespace', '--set-string', 'config.injection.nativeSidecars=off'];
    helm(['install', ...release, chart, ...options, '--set', 'controller.replicas=1'], lab.kubeconfig);
    await rolledOut(lab, system);
    await lab.must(['wait', '--for=create', 'crd/traffictargets.access.smi-spec.io', '--timeout=60s']);
    await lab.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
    await lab.must(['label', 'namespace', 'default', 'smi-mesh.io/inject=enabled']);
    await until(
      async () => (await lab.kubectl(['apply', '--filename=-'], twoPlanes([node]))).status === 0,
      60_000,
      () => 'the definitions are served',
    );
    await rolledOut(lab, 'default');
  });

  test('ordinary sidecars stand between programs and the network', async () => {
    const [pod] = await pods();
    expect(names(pod, 'containers')[0]).toMatch(/^smi-mesh-(proxy|agent)$/);
    for (const one of await pods()) expect(names(one, 'initContainers')).toEqual(['smi-mesh-init']);
    await policyHolds();
  });

  test('the CNI plug-in redirects pods whose containers have no capability', { timeout: 300_000 }, async () => {
    const old = await controllers();
    const folders = ['--set', 'cni.binDir=/run/cni/bin', '--set', 'cni.confDir=/run/cni/net.d'];
    helm(['upgrade', ...release, chart, '--reuse-values', '--set', 'cni.enabled=true', ...folders], lab.kubeconfig);
    await rolledOut(lab, system);
    // A replica that ends injects as it did for some seconds yet.
    await lab.must(['--namespace', system, 'wait', '--for=delete', ...old, '--timeout=60s']);
    const daemon = ['rollout', 'status', 'daemonset/smi-mesh-cni', '--timeout=100s'];
    await lab.must(['--namespace', system, ...daemon]);
    expect(await configuration()).toContain('smi-mesh-cni');
    await lab.must(['rollout', 'restart', 'deployment']);
    await rolledOut(lab, 'default');
    await until(
      async () => (await pods()).every((pod) => !JSON.stringify(pod).includes('NET_ADMIN')),
      120_000,
      () => 'no pod with a capability is left',
    );
    await policyHolds();
  });

  test('helm uninstall runs its hook there, and leaves objects that can be read', async () => {
    helm(['uninstall', ...release, '--timeout', '110s'], lab.kubeconfig);
    expect(await lab.must(['get', 'traffictarget', 'buyers', '--output=name'])).toContain('/buyers');
    const strategies = '{range .items[*]}{.spec.conversion.strategy}{"\\n"}{end}';
    const crds = await lab.must(['get', 'crd', `--output=jsonpath=${strategies}`]);
    expect(new Set(crds.trim().split('\n'))).toEqual(new Set(['None']));
    const kinds = 'deployment,daemonset,job,secret,lease,role,rolebinding';
    expect(await lab.must(['--namespace', system, 'get', kinds, '--output=name'])).toBe('');
    const label = '--selector=app.kubernetes.io/part-of=smi-mesh';
    const everywhere = 'clusterrole,clusterrolebinding,mutatingwebhookconfiguration,validatingwebhookconfiguration';
    expect(await lab.must(['get', everywhere, label, '--output=name'])).toBe('');
    await until(
      async () => !(await configuration()).includes('smi-mesh-cni'),
      60_000,
      () => 'the plug-in is out of the configuration of the node',
    );
  });

  async function controllers(): Promise<readonly string[]> {
    const label = '--selector=app.kubernetes.io/component=controller';
    return (await lab.must(['--namespace', system, 'get', 'pods', label, '--output=name'])).split('\n').filter(Boolean);
  }

  const configuration = () => lab.node(1).exec('cat', '/run/cni/net.d/10-bridge.conflist');

  async function pods() {
    return itemsOf(JSON.parse(await lab.must(['get', 'pods', '--output=json'])));
  }

  /** Those that may call are answered, those that may not are refused, and nothing else happens. */
  async function policyHolds(): Promise<void> {
    for (const plane of planes) {
      for (const [account, answer] of Object.entries({ buyer: '200', thief: '403' })) {
        const name = `${account}-${plane}-${node}`;
        await reportOf(lab, name, true);
        await until(
          async () => ((await reportOf(lab, name)).answers[answer] ?? 0) > 50,
          60_000,
          () => `${name} gets ${answer}`,
        );
        const { answers, errors } = await reportOf(lab, name);
        expect({ answers: Object.keys(answers), errors }, name).toEqual({ answers: [answer], errors: {} });
      }
    }
  }
});

function names(pod: unknown, list: 'containers' | 'initContainers'): readonly unknown[] {
  return itemsOf({ items: at(pod, 'spec', list) })
    .filter(isRecord)
    .map(({ name }) => name);
}
