import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { hasCluster, requireDocker } from '../../../scripts/kind.mjs';
import { clusterName, kindPlan, parseKindOptions, runPlan, type Step } from '../../cluster/kind/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-kind-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const around = {
  ...{ kind: 'kind', node: 'node', kubeconfig: 'k', images: 'images.tar', application: 'app:1' },
  ...{ values: 'v.yaml', logs: 'logs' },
};

function planOf(...argv: readonly string[]) {
  const options = parseKindOptions(argv);
  if (!options.ok) throw new Error(options.error);
  return kindPlan(options.value, around);
}

interface Node {
  readonly role: string;
  readonly kubeadmConfigPatches?: readonly string[];
}

const lines = (steps: readonly Step[]) => steps.map(({ argv }) => argv.join(' '));

function foreignMesh(): string {
  const file = join(folder, 'mesh.yaml');
  writeFileSync(
    file,
    [
      'apiVersion: conformance.smi-mesh.io/v1alpha1',
      'kind: ConformanceMesh',
      'mode: other',
      'implementation: { organization: somebody, project: other }',
      'injection: {}',
      'versions: [split.smi-spec.io/v1alpha4]',
      'settles: { seconds: 3 }',
    ].join('\n'),
  );
  return file;
}

describe('the suite on kind', () => {
  test('makes a cluster, gives it the images, installs the mesh, runs the core cases, and deletes it', () => {
    const plan = planOf();
    expect(lines(plan.steps)).toEqual([
      'kind create cluster --name=smi-conformance --kubeconfig=k --config=conformance/kind.yaml --wait=180s --retain',
      'kind load image-archive images.tar --name=smi-conformance',
      'node src/cli/main.ts install --timeout=240s --values=v.yaml',
      'node src/cli/main.ts conformance run --target=cluster --mesh=conformance/meshes/smi-mesh.yaml --image=app:1 --kubeconfig=k --level=core',
    ]);
    expect(lines(plan.onFailure)).toEqual(['kind export logs logs --name=smi-conformance']);
    expect(lines(plan.finally)).toEqual(['kind delete cluster --name=smi-conformance --kubeconfig=k']);
  });

  test('has a cluster of two nodes, which both take pods', () => {
    const config = load(readFileSync('conformance/kind.yaml', 'utf8')) as { nodes: Node[] };
    expect(config.nodes.map(({ role }) => role)).toEqual(['control-plane', 'worker']);
    const patches = config.nodes.flatMap(({ kubeadmConfigPatches = [] }) => kubeadmConfigPatches);
    expect(patches.map((patch) => load(patch))).toEqual([
      { kind: 'InitConfiguration', nodeRegistration: { taints: [] } },
    ]);
  });

  test('takes another image for the nodes, other cases, and leaves the cluster standing', () => {
    const plan = planOf('--keep', '--image', 'kindest/node:local', '--api', 'TrafficSplit');
    const [create, , , run] = lines(plan.steps);
    expect(create).toContain(' --image=kindest/node:local ');
    expect(run).toMatch(/ --kubeconfig=k --api TrafficSplit$/);
    expect(plan.finally).toEqual([]);
  });

  test('takes a cluster of another kind, and values after an equals sign', () => {
    const [create, , , run] = lines(
      planOf('--config', 'remote.yaml', '--image=kindest/node:local', '--api=TCPRoute').steps,
    );
    expect(create).toContain(' --config=remote.yaml --image=kindest/node:local ');
    expect(run).toMatch(/ --image=app:1 --kubeconfig=k --api=TCPRoute$/);
  });

  test('installs another mesh as it is told', () => {
    const mesh = foreignMesh();
    const [, , install, run] = lines(planOf('--mesh', mesh, '--install', 'helm install other').steps);
    expect(install).toBe('/bin/sh -c helm install other');
    expect(run).toContain(` --mesh=${mesh} `);
  });

  test.each([
    [['--mesh'], /--mesh needs a value/],
    [['--image', '--keep'], /--image needs a value/],
    [['--config'], /--config needs a value/],
    [['--mesh=nothing.yaml'], /nothing\.yaml: no such file/],
    [['--mesh', 'nothing.yaml'], /nothing\.yaml: no such file/],
    [['--mesh', foreignMesh()], /is another mesh; say by --install COMMAND/],
    [['--mesh', 'test/interop/foreign-mesh/mesh.yaml'], /describes a program; run it by --target program/],
    [['--install', 'true'], /is smi-mesh, which is installed here; leave --install out/],
  ])('says of %j what to do', (argv, message) => {
    expect(parseKindOptions(argv)).toMatchObject({ ok: false, error: expect.stringMatching(message) });
  });

  test('collects logs of a failure, and deletes the cluster whatever happens', async () => {
    const done: string[] = [];
    const failing = (title: string) => async (step: Step) => {
      done.push(step.title);
      return step.title === title ? 7 : 0;
    };
    expect(await runPlan(planOf(), failing('mesh'))).toBe(7);
    expect(done.splice(0)).toEqual(['cluster', 'images', 'mesh', 'logs', 'end']);
    expect(await runPlan(planOf(), failing('nothing'))).toBe(0);
    expect(done).toEqual(['cluster', 'images', 'mesh', 'cases', 'end']);
  });

  test('ends when it is stopped: no further step, no logs, and the cluster is deleted', async () => {
    const done: string[] = [];
    const stop = new AbortController();
    const stopped = async (step: Step) => {
      done.push(step.title);
      if (step.title === 'images') stop.abort();
      return step.title === 'images' ? 1 : 0;
    };
    await runPlan(planOf(), stopped, stop.signal);
    expect(done).toEqual(['cluster', 'images', 'end']);
  });

  test('sees a cluster that has the name already', () => {
    const kind = join(folder, 'kind');
    writeFileSync(kind, '#!/bin/sh\n[ "$*" = "get clusters" ] && printf "other\\nsmi-conformance\\n"\n');
    chmodSync(kind, 0o755);
    expect([kind, join(folder, 'no-kind')].map((each) => hasCluster(each, clusterName))).toEqual([true, false]);
    expect(hasCluster(kind, 'smi')).toBe(false);
  });

  test('says what to do where Docker is missing or does not answer', () => {
    expect(() => requireDocker(join(folder, 'docker'))).toThrow('docker is missing');
    const silent = join(folder, 'silent');
    writeFileSync(silent, '#!/bin/sh\necho Cannot connect >&2\nexit 1\n');
    chmodSync(silent, 0o755);
    expect(() => requireDocker(silent)).toThrow('docker does not answer');
    const hints = [join(folder, 'docker'), silent].map((docker) => {
      try {
        requireDocker(docker);
        return '';
      } catch (error) {
        return (error as { hint?: string }).hint;
      }
    });
    for (const hint of hints) expect(hint).toMatch(/npm run conformance:cluster/);
  });
});
