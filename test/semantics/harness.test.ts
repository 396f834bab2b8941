import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeshModel } from '../../src/model/types.ts';
import { AddressPool } from '../support/mesh/address-pool.ts';
import { goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { askPlane, askReference, drawn, reportOf } from '../support/mesh/three-way.ts';

/** The three-way check must find a data plane that does something else than the model says. */

const pool = new AddressPool();
let credentials: Credentials;

beforeAll(async () => {
  credentials = await createCredentials();
  await pool.fill(1);
});

afterAll(() => pool.release());

const caseOf = (name: string) => goldenCases().find((golden) => golden.name === name)!;

/** Our proxy, configured from another model than the one that decide() reads. */
function mistaken(change: (model: MeshModel) => MeshModel): Plane {
  return {
    ...proxyPlane,
    name: 'mistaken',
    start: (model, workloads, svids) => proxyPlane.start(change(model), workloads, svids),
  };
}

async function faults(name: string, change: (model: MeshModel) => MeshModel): Promise<number> {
  const golden = caseOf(name);
  const findings = await pool.lend((base) =>
    askPlane(mistaken(change), golden, compileCase(golden, base).model, credentials),
  );
  return findings.filter(({ right }) => !right).length;
}

/** Changes texts anywhere in a model. */
function rewrite(from: string, to: string): (model: MeshModel) => MeshModel {
  return (model) => JSON.parse(JSON.stringify(model).replaceAll(from, to)) as MeshModel;
}

describe('the three-way check', () => {
  test('finds nothing where the data plane does what the model says', async () => {
    expect(await faults('split-90-10', (model) => model)).toBe(0);
  });

  test('finds a weight that is one too high', async () => {
    expect(await faults('split-90-10', rewrite('"weight":90', '"weight":91'))).toBeGreaterThan(0);
  });

  test('finds a server that lets everybody in', async () => {
    expect(await faults('access-buyer-and-thief', rewrite('"mode":"deny"', '"mode":"allow"'))).toBeGreaterThan(0);
  });

  test('finds a server that lets nobody in', async () => {
    expect(await faults('access-buyer-and-thief', withoutGrants)).toBeGreaterThan(0);
  });

  test('finds a server that asks for the account only, and not for the address', async () => {
    expect(await faults('binding-labels', rewrite('"kind":"pods"', '"kind":"identity"'))).toBeGreaterThan(0);
  });

  test('finds a TCP share that never shows up', async () => {
    expect(await faults('split-tcp', withoutLastBackend)).toBeGreaterThan(0);
  });
});

function withoutGrants(model: MeshModel): MeshModel {
  const inbound = Object.entries(model.inbound).map(([set, policy]) => [set, { ...policy, grants: [] }]);
  return { ...model, inbound: Object.fromEntries(inbound) as MeshModel['inbound'] };
}

function withoutLastBackend(model: MeshModel): MeshModel {
  const copy = JSON.parse(JSON.stringify(model)) as MeshModel;
  for (const { ports } of Object.values(copy.outbound)) {
    for (const { rules } of Object.values(ports)) {
      for (const { to } of rules) if (to.kind === 'weighted') (to.targets as unknown as unknown[]).length = 1;
    }
  }
  return copy;
}

test('random values lie on both sides of every boundary between backends', () => {
  const branch = (service: string, weight: number) => ({ service, weight, answers: [200], workloads: [] });
  const chosen = drawn([branch('a', 90), branch('b', 10)]).map(({ value, branch }) => `${value} ${branch.service}`);
  expect(chosen).toEqual(['0 a', '1 a', '89 a', '90 b', '91 b', '99 b', '100 a', '101 a']);
});

test('a report names the request, its line and everybody who answered', () => {
  const golden = caseOf('split-90-10');
  const right = askReference(golden, compileCase(golden, 10).model);
  expect(reportOf(golden, { 'decide()': right })).toBeUndefined();
  const wrong = right.map((finding, index) => (index === 1 ? { says: '403', right: false } : finding));
  expect(reportOf(golden, { 'decide()': right, Envoy: wrong })).toMatch(
    /requests\.yaml:5 \(split-90-10\)\n.*GET \/books\/1\?q=x.*\n {2}expected: .*90.*\n {2}decide\(\): .*\n {2}Envoy: 403 {3}<-- wrong$/,
  );
});
