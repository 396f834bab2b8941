import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { AddressPool } from '../support/mesh/address-pool.ts';
import { type GoldenCase, goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { mixedPlane, type Plane } from '../support/mesh/planes.ts';
import { askPlane, askReference, type Finding, reportOf } from '../support/mesh/three-way.ts';

/** How many cases run at once. */
const concurrency = 3;
const caseMillis = 120_000;

const pool = new AddressPool();
let credentials: Credentials;

beforeAll(async () => {
  credentials = await createCredentials();
  await pool.fill(concurrency);
});

afterAll(() => pool.release());

const cases = goldenCases();
const envoy = envoyBinary();
const envoyOrNot = envoy.path === undefined ? [] : [envoyPlane(envoy.path)];

describe(`expectation = decide() = our proxy${envoy.path === undefined ? '' : ' = Envoy'}`, () => {
  test.concurrent.each(cases)('$name', (golden) => compare(golden, [proxyPlane, ...envoyOrNot]), caseMillis);
});

describe.skipIf(envoy.path === undefined)(
  `Envoy${envoy.reason === undefined ? '' : ` (none: ${envoy.reason})`}`,
  () => {
    /** Of each kind of traffic and policy one; all others differ in what one side decides alone. */
    const mixed = [
      'access-buyer-and-thief',
      'binding-labels',
      'path-normal-form',
      'split-per-backend-access',
      'split-tcp',
      'tcp-access',
      'policy-authentication',
      'udp-split',
    ];
    test.concurrent.each(cases.filter(({ name }) => mixed.includes(name)))(
      '$name: both data planes in one mesh',
      (golden) => {
        const planes = envoyOrNot.flatMap((plane) => [mixedPlane(proxyPlane, plane), mixedPlane(plane, proxyPlane)]);
        return compare(golden, planes);
      },
      caseMillis,
    );
  },
);

async function compare(golden: GoldenCase, planes: readonly Plane[]): Promise<void> {
  const sides = await pool.lend(async (base) => {
    const { model } = compileCase(golden, base);
    const answers: Record<string, readonly Finding[]> = { 'decide()': askReference(golden, model) };
    for (const plane of planes.filter(({ name }) => golden.skips[name] === undefined))
      answers[plane.name] = await askPlane(plane, golden, model, credentials);
    return answers;
  });
  const report = reportOf(golden, sides);
  if (report !== undefined) expect.fail(report);
}
