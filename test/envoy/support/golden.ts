import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyBinary } from '../../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../../support/mesh/address-range.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../../support/mesh/credentials.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { askPlane, reportOf } from '../../support/mesh/three-way.ts';
import { Fleet } from './fleet.ts';
import { fleetPlane } from './plane.ts';
import type { Variant } from './slot.ts';

const { path: binary = '', reason = '' } = envoyBinary();

/** Every golden case, one after the other, with the same Envoys. */
export function describeGoldenCases(variant: Variant): void {
  describe.skipIf(binary === '')(`golden cases over ADS, ${variant} ${reason}`, () => {
    let range: AddressRange;
    let credentials: Credentials;
    let fleet: Fleet;

    beforeAll(async () => {
      range = await takeAddressRange();
      credentials = await createCredentials();
      fleet = await Fleet.start(binary, range.base, variant);
    });
    afterAll(async () => {
      await fleet?.stop();
      range?.release();
    });

    test.each(goldenCases())('$name', async (golden) => {
      const { model } = compileCase(golden, range.base);
      const plane = fleetPlane(fleet, 'Envoy');
      if (golden.skips[plane.name] !== undefined) return;
      const report = reportOf(golden, { [plane.name]: await askPlane(plane, golden, model, credentials) });
      if (report !== undefined) expect.fail(report);
      expect(fleet.events.filter(({ kind }) => kind === 'nack')).toEqual([]);
    });
  });
}
