import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import { readChart } from '../../../src/chart/chart.ts';
import { translators } from '../../../src/cli/translators.ts';
import { Bridge } from '../../../src/control/cluster/bridge/bridge.ts';
import { BridgeState } from '../../../src/control/cluster/bridge/bridge-state.ts';
import { createLog } from '../../../src/control/cluster/log.ts';
import { at } from '../../../src/install/kinds.ts';
import { systemNames, systemNamespace } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { isRecord } from '../../../src/lib/values.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { shippedModels } from '../../../src/testkit/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { gatewayApiCrds } from '../../support/gateway-api/crds.ts';
import { istioCrds } from '../../support/istio-api.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, install } from '../support/crds.ts';
import { runKubectl } from '../support/kubectl.ts';
import { describeRight, needs, type Rule, readAudit, rightsOf } from '../support/rights.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster({ audited: true });
const client = adminOf(cluster);
const user = `system:serviceaccount:${systemNamespace}:${systemNames.controller}`;
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bridge-rights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const definitions: Readonly<Record<string, readonly unknown[] | undefined>> = {
  'gateway-api': gatewayApiCrds('experimental'),
  istio: istioCrds(),
};
const missing = process.env.CI !== 'true' && Object.values(definitions).includes(undefined);

/** The objects of the chart with a bridge, and the rules of its ClusterRole that another one has not. */
function chartWith(adapter: string) {
  const rendered = readChart().render(
    { name: 'smi-mesh', namespace: systemNamespace, service: 'test' },
    { createNamespace: true, bridge: { adapter } },
  );
  if (!rendered.ok) throw new Error(rendered.error.join('\n'));
  return rendered.value.map(({ object }) => object);
}

function rulesOf(adapter: string): readonly Rule[] {
  const role = chartWith(adapter).find(
    ({ kind, metadata }) => kind === 'ClusterRole' && at(metadata, 'name') === systemNames.controller,
  );
  return at(role, 'rules') as readonly Rule[];
}

/** One document of each kind, of those that the adapter makes of the meshes that come with the package. */
async function oneOfEach(adapter: string): Promise<readonly Artifact[]> {
  const translator = await translators[adapter]!();
  const options = translator.parseOptions(adapter === 'gateway-api' ? { access: 'elsewhere', grpc: 'GRPCRoute' } : {});
  if (!options.ok) throw new Error(options.error[0].message);
  const all = shippedModels().flatMap(({ model }) => emitAll(translator, model, options.value).artifacts);
  return [...Map.groupBy(all, ({ body }) => (isRecord(body) ? body.kind : undefined)).values()].map(([one]) => one!);
}

test.skipIf(missing).each(Object.keys(definitions))(
  'the rights for %s are enough, and all are needed',
  async (adapter) => {
    const kinds = (await translators[adapter]!()).kinds ?? [];
    const crds = (definitions[adapter] ?? []) as readonly Crd[];
    await Promise.all(
      crds.filter(({ spec }) => kinds.some(({ kind }) => kind === spec.names.kind)).map((crd) => install(client, crd)),
    );
    const items = chartWith(adapter).filter(({ kind }) =>
      /^(Namespace|ServiceAccount|ClusterRole.*)$/.test(String(kind)),
    );
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const applied = await runKubectl(cluster.kubeconfig, ['apply', '--server-side', '--filename=-'], list);
    if (applied.status !== 0) throw new Error(applied.stderr);
    const kubeconfig = join(folder, adapter);
    await writeAccountKubeconfig(cluster, { namespace: systemNamespace, account: systemNames.controller }, kubeconfig);
    const connected = await connect({ kubeconfig });
    if (!connected.ok) throw new Error(connected.error.diagnostic.message);

    const documents = await oneOfEach(adapter);
    expect(documents).toHaveLength(kinds.length);
    for (const { body } of documents) {
      await client.post('/api/v1/namespaces', { metadata: { name: at(body, 'metadata', 'namespace') } });
    }
    const lines: string[] = [];
    const state = new BridgeState();
    let model = {} as MeshModel;
    let artifacts = documents;
    const bridge = new Bridge(
      connected.value,
      {
        ...{ id: adapter, kinds, adopt: false, dryRun: false },
        translate: async () => ({ artifacts, findings: [], refusals: [] }),
      },
      createLog('info', (line) => lines.push(line)),
      state,
    );
    const stopping = new AbortController();
    const ran = bridge.run(() => model, stopping.signal);
    const said = (message: string) => lines.filter((line) => line.includes(`"${message}"`)).length;
    const tail = () => lines.slice(-20).join('');
    await until(() => said('an object is written') === kinds.length, 60_000, tail);
    artifacts = [];
    model = {} as MeshModel;
    bridge.changed();
    await until(() => said('an object is removed') === kinds.length, 60_000, tail);
    stopping.abort();
    await ran;
    bridge.stop();

    const before = rulesOf('').map((rule) => JSON.stringify(rule));
    const added = rulesOf(adapter).filter((rule) => !before.includes(JSON.stringify(rule)));
    const noted = readAudit(cluster.auditLog, user);
    expect(noted.filter(({ code }) => code === 403)).toEqual([]);
    const unused = rightsOf('ClusterRole', added).filter(
      (right) => !noted.some((request) => needs(request, right, systemNamespace)),
    );
    expect(unused.map(describeRight)).toEqual([]);
  },
  180_000,
);
