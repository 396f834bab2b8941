import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Artifact, DocumentKind } from '../../../src/adapter/contract.ts';
import { readChart } from '../../../src/chart/chart.ts';
import { translators } from '../../../src/cli/translators.ts';
import { Bridge } from '../../../src/control/cluster/bridge/bridge.ts';
import { BridgeState } from '../../../src/control/cluster/bridge/bridge-state.ts';
import { createLog } from '../../../src/control/cluster/log.ts';
import { at } from '../../../src/install/kinds.ts';
import { systemNames, systemNamespace } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { until } from '../../e2e/support/mesh.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { adminOf } from '../support/client.ts';
import { install } from '../support/crds.ts';
import { runKubectl } from '../support/kubectl.ts';
import { openDefinition } from '../support/open-definition.ts';
import { describeRight, needs, type Rule, readAudit, rightsOf } from '../support/rights.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster({ audited: true });
const client = adminOf(cluster);
const user = `system:serviceaccount:${systemNamespace}:${systemNames.controller}`;
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bridge-rights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

function documentOf({ apiVersion, kind }: DocumentKind): Artifact {
  const body = { apiVersion, kind, metadata: { namespace: 'default', name: 'one' }, spec: {} };
  return { name: kind, format: 'kubernetes', body, origins: [] };
}

test.each(Object.keys(translators))(
  'the rights for %s are enough, and all are needed',
  async (adapter) => {
    const kinds = (await translators[adapter]!()).kinds ?? [];
    await Promise.all(kinds.map((kind) => install(client, openDefinition(kind))));
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

    const lines: string[] = [];
    const state = new BridgeState();
    let model = {} as MeshModel;
    let artifacts = kinds.map(documentOf);
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
