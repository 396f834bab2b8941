import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlane, validateBootstraps } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { checkPlane, checkReference, participants } from '../support/mesh/three-way.ts';

/** Ranges of loopback addresses, one for each case that runs at the same time. */
const concurrency = 3;
const caseMillis = 120_000;

let credentials: Credentials;
const ranges: AddressRange[] = [];

beforeAll(async () => {
  credentials = await createCredentials();
  for (let count = 0; count < concurrency; count += 1) ranges.push(await takeAddressRange());
  free = ranges.map(({ base }) => base);
});

afterAll(() => {
  for (const range of ranges) range.release();
});

const cases = goldenCases();
const envoy = envoyBinary();

describe('decide() = what the author of a case expects', () => {
  test.each(cases)('$name', (golden) => {
    const problems = checkReference(golden, compileCase(golden, 10).model);
    if (problems.length > 0) expect.fail(problems.join('\n\n'));
  });
});

describe('our proxy = decide()', () => {
  test.concurrent.each(cases)('$name', (golden) => check(proxyPlane, golden), caseMillis);
});

describe('Envoy = decide()', () => {
  if (envoy.path === undefined) {
    test.skip(`no Envoy: ${envoy.reason}`, () => {});
    return;
  }
  const plane = envoyPlane(envoy.path);
  test.concurrent.each(cases)('$name', (golden) => check(plane, golden), caseMillis);
  test.concurrent.each(cases)(
    '$name: --mode validate accepts its bootstraps',
    (golden) =>
      withRange(async (base) => {
        const { model } = compileCase(golden, base);
        await validateBootstraps(envoy.path, model, participants(golden, model), credentials);
      }),
    caseMillis,
  );
});

async function check(plane: Plane, golden: (typeof cases)[number]): Promise<void> {
  const problems = await withRange((base) => checkPlane(plane, golden, compileCase(golden, base).model, credentials));
  if (problems.length > 0) expect.fail(problems.join('\n\n'));
}

let free: number[] = [];
const waiting: (() => void)[] = [];

/** Lends a range that no other case uses meanwhile. */
async function withRange<T>(use: (base: number) => Promise<T>): Promise<T> {
  while (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  const base = free.pop()!;
  try {
    return await use(base);
  } finally {
    free.push(base);
    waiting.shift()?.();
  }
}
