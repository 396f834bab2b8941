import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CaseExpectation, ConformanceCase } from '../../../src/conformance/case.ts';
import { problemOf } from '../../../src/conformance/judge.ts';
import { lackOf } from '../../../src/conformance/lacks.ts';
import { loadCases } from '../../../src/conformance/load.ts';
import { problemOfRead } from '../../../src/conformance/reads.ts';
import { runConformance } from '../../../src/conformance/run.ts';
import type { OpenMesh, Target } from '../../../src/conformance/target.ts';
import { lanesOf, renamed, renamedIn } from '../../../src/conformance/targets/cluster/lanes.ts';
import { put, remove } from '../../../src/conformance/targets/cluster/objects.ts';
import { prepared } from '../../../src/conformance/targets/cluster/pods.ts';
import { readFrom } from '../../../src/conformance/targets/cluster/read.ts';
import { clusterTarget } from '../../../src/conformance/targets/cluster/target.ts';
import { Turns } from '../../../src/conformance/targets/cluster/turns.ts';
import { readMesh, usualMeshFile } from '../../../src/conformance/targets/description.ts';
import { simulatedTarget } from '../../../src/conformance/targets/simulated.ts';
import type { ApiResult, Connection, StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import { fault } from '../../../src/kubernetes-client/fault.ts';
import { err, ok } from '../../../src/lib/result.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-meshes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loaded = loadCases();
const cases: readonly ConformanceCase[] = loaded.ok ? loaded.value : [];

function fileWith(text: string): string {
  const file = join(folder, 'mesh.yaml');
  writeFileSync(file, text);
  return file;
}

const foreign = `
apiVersion: conformance.smi-mesh.io/v1alpha1
kind: ConformanceMesh
mode: other
implementation: { organization: somebody, project: other, version: '2' }
injection: { namespaces: { labels: { other: 'yes' } }, pods: { annotations: { note: x } } }
answers: { denied: [403, closed], unavailable: [502] }
versions: [split.smi-spec.io/v1alpha4, access.smi-spec.io/v1alpha3, specs.smi-spec.io/v1alpha4]
protocols: [http, tcp]
settles: { seconds: 3 }
unable: [{ cases: '^binding/', reason: there are no bindings }]
`;

function forwarding(mesh: OpenMesh): Omit<OpenMesh, 'close'> {
  return { apply: (testCase, step) => mesh.apply(testCase, step), ask: (question, times) => mesh.ask(question, times) };
}

function foreignMesh() {
  const mesh = readMesh(fileWith(foreign));
  if (!mesh.ok || mesh.value.kind !== 'cluster') throw new Error('the file is wrong');
  return mesh.value;
}

describe('a mesh in a cluster', () => {
  test('is described by files, ours too', () => {
    expect(readMesh(usualMeshFile())).toMatchObject({ ok: true, value: { mode: 'cluster' } });
    const envoy = readMesh('conformance/meshes/smi-mesh-envoy.yaml');
    expect(envoy).toMatchObject({ ok: true, value: { mode: 'cluster-envoy', settles: 'smi-mesh-controller' } });
    expect(readMesh(fileWith(foreign))).toMatchObject({
      ok: true,
      value: { settles: 3_000, convergenceMillis: 30_000, answers: { denied: [403, 'closed'], 'unknown-host': [404] } },
    });
    const wrong = readMesh(fileWith(foreign.replace('http, tcp', 'http, smtp')));
    const message = expect.stringMatching(/\/protocols\/1 must be equal to one of/);
    expect(wrong).toMatchObject({ ok: false, error: { code: 'SMI2012', message } });
    expect(readMesh(fileWith('protocols: ['))).toMatchObject({ ok: false, error: { code: 'SMI1002' } });
    const missing = readMesh(join(folder, 'nothing.yaml'));
    const nowhere = expect.stringMatching(/nothing\.yaml: no such file or folder$/);
    expect(missing).toMatchObject({ ok: false, error: { code: 'SMI1001', message: nowhere } });
  });

  test('is not asked what it says it cannot do', () => {
    const target = clusterTarget({ connection: {} as StreamingConnection, mesh: foreignMesh(), image: 'x' });
    const reason = (name: string) => target.unable(cases.find((each) => each.name === name)!);
    expect(reason('binding/account')).toBe('there are no bindings');
    expect(reason('udp/port')).toBe('the mesh does not carry udp');
    expect(reason('access/mode-audit')).toMatch(/settings/);
    expect(reason('split/weights@v1alpha2')).toBe('split.smi-spec.io/v1alpha2 is not served');
    expect(reason('split/weights@v1alpha4')).toBeUndefined();
    expect(reason('split/unknown-version')).toBeUndefined();
    expect(reason('access/caller-outside')).toBe('its target file does not say what keeps a pod out of the mesh');
  });

  test('gets pods with its labels and the image, and namespaces with theirs', () => {
    const mesh = foreignMesh();
    const [testCase] = cases.filter(({ name }) => name === 'split/unready-backend');
    const manifests = testCase!.topology.map((manifest) => prepared(manifest, mesh, 'app:1'));
    const pods = manifests.filter(({ kind }) => kind === 'Pod');
    for (const pod of pods) {
      expect(pod).toMatchObject({
        metadata: { annotations: { note: 'x' } },
        spec: { containers: [{ image: 'app:1' }] },
      });
      expect(pod).not.toHaveProperty('status');
    }
    expect(manifests).toContainEqual(
      expect.objectContaining({ metadata: expect.objectContaining({ labels: { other: 'yes' } }) }),
    );
  });

  test('keeps the pods out of it that are to be outside', () => {
    const mesh = { ...foreignMesh(), outsiders: { labels: { meshed: 'no' } } };
    const testCase = cases.find(({ name }) => name === 'access/caller-outside');
    const manifests = (testCase?.topology ?? []).map((manifest) => prepared(manifest, mesh, 'app:1'));
    const pods = manifests.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => metadata);
    const out = pods.filter((metadata) => JSON.stringify(metadata).includes('"meshed":"no"'));
    expect(out).toEqual([expect.objectContaining({ name: 'outsider', annotations: {} })]);
    expect(pods).toHaveLength(4);
  });
});

describe('lanes', () => {
  test('hold every case once, with the pods of its topology, and long ones come first', () => {
    const core = cases.filter(({ level }) => level === 'core');
    const lanes = lanesOf(core);
    expect(
      lanes
        .flat()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(core.map(({ name }) => name).sort());
    expect(lanes.length).toBeLessThan(core.length / 5);
    for (const lane of lanes) {
      const shapes = lane.map(({ pods }) => JSON.stringify(pods.map(({ ports, ready }) => [ports, ready])));
      expect(new Set(shapes).size).toBe(1);
    }
    const sizes = lanes.map(({ length }) => length);
    expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
  });

  test('start in turns, also after one that fails', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const starts = ends.map(({ promise }, index) =>
      turns.take(() => {
        begun.push(index);
        return promise;
      }),
    );
    expect(begun).toEqual([0, 1]);
    ends[1]!.reject(new Error('no room'));
    await expect(starts[1]).rejects.toThrow('no room');
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of ends) resolve();
    await Promise.all([starts[0], starts[2], starts[3]]);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  test('stand so many at a time as the target says', async () => {
    let standing = 0;
    let most = 0;
    const simulated = simulatedTarget();
    const target: Target = {
      ...simulated,
      batchesAtOnce: 3,
      batches: (some) => some.map((each) => [each]),
      open: async (batch) => {
        most = Math.max(most, ++standing);
        const mesh = await simulated.open(batch);
        return { ...forwarding(mesh), close: async () => void standing-- };
      },
    };
    const some = cases.filter((each) => lackOf(target, each) === undefined).slice(0, 5);
    const results = await runConformance({ cases: some, target });
    expect(results.map(({ testCase, result }) => [testCase.name, result])).toEqual(
      some.map(({ name }) => [name, 'passed']),
    );
    expect([most, standing]).toEqual([3, 0]);
  });

  test('have names of their own, in every text, and back', () => {
    const names = new Map([
      ['smi-a', 'lane-1'],
      ['smi-a-other', 'lane-1-2'],
    ]);
    const value = { host: 'shop.smi-a-other.svc', from: 'smi-a/client', other: 'smi-ab', last: ['smi-a'] };
    const changed = renamedIn(value, names);
    expect(changed).toEqual({ host: 'shop.lane-1-2.svc', from: 'lane-1/client', other: 'smi-ab', last: ['lane-1'] });
    const back = new Map([...names].map(([one, other]) => [other, one]));
    expect(renamedIn(changed, back)).toEqual(value);
    expect(renamed('x', new Map())).toBe('x');
  });
});

describe('objects', () => {
  const manifest = {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { namespace: 'n', name: 's' },
  };
  const path = '/apis/split.smi-spec.io/v1alpha4/namespaces/n/trafficsplits';

  function answering(answers: Readonly<Record<string, readonly ApiResult[]>>) {
    const left = new Map(Object.entries(answers).map(([request, results]) => [request, [...results]]));
    const sent: string[] = [];
    const answer = async (request: string): Promise<ApiResult> => {
      sent.push(request);
      return left.get(request)?.shift() ?? err(fault(`unexpected ${request}`, 418));
    };
    const connection: Connection = {
      context: 'c',
      get: (at) => answer(`GET ${at}`),
      send: (method, at) => answer(`${method} ${at}`),
    };
    return { connection, sent };
  }
  const failed = (status: number, text = 'no') => err(fault(text, status));

  test('replace those of their name, also when somebody else writes or a webhook is late', async () => {
    const { connection, sent } = answering({
      [`POST ${path}`]: [failed(500, 'failed calling webhook'), failed(409), failed(409)],
      [`GET ${path}/s`]: [ok({ metadata: { resourceVersion: '1' } }), ok({ metadata: { resourceVersion: '2' } })],
      [`PUT ${path}/s`]: [failed(409), ok({})],
    });
    expect(await put(connection, manifest)).toBe('applied');
    expect(sent.filter((request) => request.startsWith('PUT'))).toHaveLength(2);
  });

  test('that the cluster refuses change nothing; what this user may not do is a failure', async () => {
    const refused = (status: number, text?: string) =>
      put(answering({ [`POST ${path}`]: [failed(status, text)] }).connection, manifest);
    expect(await refused(422)).toBe('refused');
    expect(await refused(404)).toBe('refused');
    expect(await refused(403, 'admission webhook denied the request')).toBe('refused');
    await expect(refused(403, 'trafficsplits is forbidden: User "x" cannot create')).rejects.toThrow(/is forbidden/);
    await expect(refused(401)).rejects.toThrow();
  });

  test('that are gone need not be removed', async () => {
    const name = { kind: 'TrafficSplit', namespace: 'n', name: 's' };
    const { connection } = answering({ [`DELETE ${path}/s`]: [failed(404), failed(500)] });
    await remove(connection, manifest.apiVersion, name);
    await expect(remove(connection, manifest.apiVersion, name)).rejects.toThrow();
  });
});

test.each([
  [{ a: 1, list: [{ name: 'x' }] }, undefined],
  [{ text: '~^so' }, undefined],
  [{ a: 2 }, 'p: a is 1 and not 2'],
  [{ b: { c: 1 } }, 'p: b is undefined'],
  [{ text: '~^no' }, 'p: text is "some" and not "~^no"'],
  [{ list: [{ name: 'y' }, { name: 'z' }] }, 'p: list has nothing like {"name":"z"}'],
])('of an answer of the apiserver %j is wanted', (holds, problem) => {
  const body = { a: 1, text: 'some', list: [{ name: 'x', more: 1 }, { name: 'y' }] };
  expect(problemOfRead({ path: 'p', wants: { holds } }, { status: 200, body })).toBe(problem);
  expect(problemOfRead({ path: 'p', wants: { holds } }, { status: 404 })).toBe('p is answered 404');
  expect(problemOfRead({ path: 'p', wants: { status: 404 } }, { status: 404 })).toBeUndefined();
  expect(problemOfRead({ path: 'p', wants: { status: 404 } }, { status: 200, body })).toMatch(/200 and not 404/);
});

test('reads as another user, and past the front proxy of the apiserver', async () => {
  const asked: [string, unknown][] = [];
  const answers: Readonly<Record<string, ApiResult>> = {
    '/apis/apiregistration.k8s.io/v1/apiservices/v1.group': ok({ spec: { service: { namespace: 'n', name: 's' } } }),
    '/apis/apiregistration.k8s.io/v1/apiservices/v1.local': ok({ spec: {} }),
    '/api/v1/namespaces/n/services/https:s:443/proxy/apis/group/v1/x': err(fault('Unauthorized', 401)),
    '/apis/group/v1/x': err(fault('is forbidden', 403)),
  };
  const connection: Pick<Connection, 'get'> = {
    get: async (path, options) => {
      asked.push([path, options]);
      return answers[path] ?? err(fault('nobody answers'));
    },
  };
  expect(await readFrom(connection, { path: '/apis/group/v1/x', as: 'guest' })).toEqual({ status: 403 });
  expect(asked).toEqual([['/apis/group/v1/x', { as: 'guest' }]]);
  expect(await readFrom(connection, { path: '/apis/group/v1/x', direct: true })).toEqual({ status: 401 });
  await expect(readFrom(connection, { path: '/apis/local/v1/x', direct: true })).rejects.toThrow(/no server behind/);
  await expect(readFrom(connection, { path: '/apis/other/v1/x' })).rejects.toThrow(/nobody answers/);
  const wants = { status: 403 };
  expect(problemOfRead({ path: 'p', as: 'guest', wants }, { status: 200 })).toBe(
    'p as guest is answered 200 and not 403',
  );
});

test('an answer that may mean several things is taken for the one that is expected', () => {
  const expectation: CaseExpectation = {
    label: 'GET /',
    question: { from: 'n/c', host: 's', port: 80, traffic: { kind: 'http', method: 'GET', path: '/', headers: {} } },
    gives: { kind: 'shares', shares: { unavailable: 1 }, tellApart: [], atLeast: 1 },
  };
  const asked = (outcome: string, orElse: readonly string[]) =>
    problemOf(expectation, { kind: 'samples', observations: [{ outcome, orElse }] });
  expect(asked('closed', ['denied', 'unavailable'])).toBeUndefined();
  expect(asked('closed', ['denied'])).toMatch(/closed answers 1 times/);
});
