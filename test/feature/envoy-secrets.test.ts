import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { goldenCases } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { compileCase } from '../support/mesh/pipeline.ts';
import { envoyPlaneWithSecrets } from '../support/mesh/plane-envoy.ts';
import { askPlane, reportOf } from '../support/mesh/three-way.ts';

const { path: binary = '', reason } = envoyBinary();

let range: AddressRange;
let credentials: Credentials;

describe.skipIf(binary === '')(`certificates and roots as secrets${reason === undefined ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
  });
  afterAll(() => range.release());

  const cases = goldenCases().filter(({ name }) => ['binding-federated', 'hostile-peers', 'tcp-access'].includes(name));

  it.each(cases)('hold peers to the same: $name', { timeout: 120_000 }, async (golden) => {
    const { model } = compileCase(golden, range.base);
    const plane = envoyPlaneWithSecrets(binary);
    const report = reportOf(golden, { [plane.name]: await askPlane(plane, golden, model, credentials) });
    if (report !== undefined) expect.fail(report);
  });
});
