import { describe, expect, test } from 'vitest';
import { envoyBinary } from '../../support/envoy.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { askPlane, reportOf } from '../../support/mesh/three-way.ts';
import { fleetPlane } from './plane.ts';
import type { Variant } from './slot.ts';
import { useFleet } from './use-fleet.ts';

const { path: binary = '', reason = '' } = envoyBinary();

/** Every golden case, one after the other, with the same Envoys. */
export function describeGoldenCases(variant: Variant): void {
  describe.skipIf(binary === '')(`golden cases over ADS, ${variant} ${reason}`, () => {
    const context = useFleet(binary, variant);

    test.each(goldenCases())('$name', async (golden) => {
      const { range, credentials, fleet } = context();
      const { model } = compileCase(golden, range.base);
      const plane = fleetPlane(fleet, 'Envoy');
      if (golden.skips[plane.name] !== undefined) return;
      const report = reportOf(golden, { [plane.name]: await askPlane(plane, golden, model, credentials) });
      if (report !== undefined) expect.fail(report);
      expect(fleet.events.filter(({ kind }) => kind === 'nack')).toEqual([]);
    });
  });
}
