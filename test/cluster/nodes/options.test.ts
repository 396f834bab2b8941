import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EjectionsPage, ServicePage } from '../../../src/dashboard/api/contract.ts';
import { at, itemsOf } from '../../../src/install/kinds.ts';
import { isRecord } from '../../../src/lib/values.ts';
import type { TrafficSummary } from '../../../src/metrics/contract.ts';
import { until } from '../../e2e/support/mesh.ts';
import { prometheusMissing } from '../../support/prometheus/programs.ts';
import { meshImages } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';
import { chart, helm, helmMissing } from '../support/helm.ts';
import { jsonOn, startDashboard } from './support/cluster-cli.ts';
import { callFragile, callServers, knownByApi, knownLoad } from './support/known-load.ts';
import { reportOf, rolledOut } from './support/mesh.ts';
import { type ClusterPrometheus, defineMonitors, monitorCluster } from './support/prometheus.ts';
import { planes, twoPlanes } from './support/two-planes.ts';

const node = 'node-1';
const system = 'smi-mesh-system';
const release = ['smi-mesh', '--namespace', system];
const noPrometheus = prometheusMissing('prometheus');

/** What few clusters use: ordinary sidecars, objects for the operator of Prometheus, the CNI plug-in; and the removal by Helm. */
describe.skipIf(helmMissing)('by Helm, on real nodes', async () => {
  const lab = await startLab({ nodes: 1, images: [meshImages(console.log)] });
  afterAll(() => lab.stop());

  beforeAll(async () => {
    await defineMonitors(lab);
    const options = ['--create-namespace', '--set-string', 'config.injection.nativeSidecars=off'];
    const monitoring = 'monitoring.rules.enabled=true,monitoring.scrape.enabled=true,monitoring.scrape.interval=1s';
    const values = `controller.replicas=1,config.trafficMetrics.api=true,${monitoring}`;
    helm(['install', ...release, chart, ...options, '--set', values], lab.kubeconfig);
    await rolledOut(lab, system);
    await lab.must(['wait', '--for=create', 'crd/traffictargets.access.smi-spec.io', '--timeout=60s']);
    await lab.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
    await lab.must(['label', 'namespace', 'default', 'smi-mesh.io/inject=enabled']);
    await until(
      async () => (await lab.kubectl(['apply', '--filename=-'], twoPlanes([node], knownLoad()))).status === 0,
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

  describe.skipIf(noPrometheus)(`a Prometheus${noPrometheus === undefined ? '' : `: ${noPrometheus}`}`, () => {
    let prometheus: ClusterPrometheus;
    beforeAll(async () => {
      prometheus = await monitorCluster(lab);
    });
    afterAll(() => prometheus?.stop());

    test('finds by the PodMonitors of the chart each sidecar once, and the controller', async () => {
      const podsOf = async (namespace: string) =>
        itemsOf(JSON.parse(await lab.must(['--namespace', namespace, 'get', 'pods', '--output=json'])));
      const wanted = [
        ...(await podsOf('default')).map((pod) => `${system}/smi-mesh-proxies default/${at(pod, 'metadata', 'name')}`),
        ...(await podsOf(system)).map(
          (pod) => `${system}/smi-mesh-controller ${system}/${at(pod, 'metadata', 'name')}`,
        ),
      ];
      let last: unknown;
      const found = async () => {
        const targets = await prometheus.targets();
        last = targets.map(({ health, lastError, labels }) => ({ health, lastError, labels }));
        const read = targets.filter(({ health }) => health === 'up');
        const names = read.map(({ labels: { job, namespace, pod } }) => `${job} ${namespace}/${pod}`);
        return targets.length === read.length && JSON.stringify(names.sort()) === JSON.stringify(wanted.sort());
      };
      await until(found, 60_000, () => JSON.stringify(last));
    });

    test('tells of a known load by TrafficMetrics what the collector tells', { timeout: 300_000 }, async () => {
      // Of sidecars that counted before anybody looked the past is not known.
      await prometheus.twice(`${system}/smi-mesh-proxies`);
      await until(
        async () => {
          const { proxies } = await jsonOn<TrafficSummary>(lab, ['top', 'pods', '--context']);
          return proxies !== undefined && proxies.read === proxies.known;
        },
        60_000,
        () => 'the collector has read every sidecar',
      );
      await callServers(lab);
      await knownByApi(lab, node);
      // The new replica has read nobody: what it tells is Prometheus'.
      await upgrade(
        'config.trafficMetrics.source=prometheus',
        `config.trafficMetrics.prometheus.url=${prometheus.url}`,
      );
      await knownByApi(lab, node);
    });
  });

  test('whose sidecars eject a pod is told by the dashboard, of both data planes', async () => {
    const dashboard = await startDashboard(lab);
    try {
      for (const plane of planes) expect(await callFragile(lab, plane)).toBeGreaterThanOrEqual(3);
      let last: EjectionsPage | undefined;
      const told = async () => {
        last = await dashboard.get<EjectionsPage>('/api/ejections');
        return last.ejections.length === 2 && last.proxies.read === last.proxies.known;
      };
      await until(told, 30_000, () => JSON.stringify(last));
      const pod = expect.stringMatching(/^default\/fragile-sick-/);
      const what = { service: 'default/fragile', port: 8080, workload: pod };
      expect(last?.ejections).toEqual([
        { ...what, endpoint: expect.any(String), proxy: expect.stringMatching(/^default\/knower-envoy-/) },
        expect.objectContaining({
          ...{ ...what, proxy: expect.stringMatching(/^default\/knower-proxy-/) },
          why: '3 failures in a row',
        }),
      ]);
      const { pods: shown } = await dashboard.get<ServicePage>('/api/services/default/fragile');
      const ejectedBy = shown.map(({ workload, ejections = [] }) => [
        workload.replace(/-[^-]+-[^-]+$/, ''),
        ejections.length,
      ]);
      expect(Object.fromEntries(ejectedBy)).toEqual({ 'default/fragile-sick': 2, 'default/fragile-well': 0 });
    } finally {
      await dashboard.stop();
    }
  });

  test('the CNI plug-in redirects pods whose containers have no capability', { timeout: 300_000 }, async () => {
    await upgrade('cni.enabled=true', 'cni.binDir=/run/cni/bin', 'cni.confDir=/run/cni/net.d');
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

  async function upgrade(...values: readonly string[]): Promise<void> {
    const old = await controllers();
    helm(['upgrade', ...release, chart, '--reuse-values', '--set', values.join(',')], lab.kubeconfig);
    await rolledOut(lab, system);
    // A replica that ends injects, and answers, as it did for some seconds yet.
    await lab.must(['--namespace', system, 'wait', '--for=delete', ...old, '--timeout=60s']);
  }

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
