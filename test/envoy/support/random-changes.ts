import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { typeUrls } from '../../../adapters/envoy/names.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { Random } from '../../fuzz/random.ts';
import { envoyBinary } from '../../support/envoy.ts';
import type { Credentials } from '../../support/mesh/credentials.ts';
import { dumpedResources, viewResources } from './config-dump.ts';
import { resourcesOf } from './fleet.ts';
import { RandomMesh, witness } from './random-mesh.ts';
import type { Slot, Variant } from './slot.ts';
import { useFleet } from './use-fleet.ts';

const { path: binary = '', reason = '' } = envoyBinary();
const wanted = process.env.PROPERTY_SEED;
const seed = wanted === 'random' ? Date.now() : Number(wanted ?? 20_261_127);
const changes = 1_000;
/** So often Envoy is let come to rest and asked what it holds. */
const checkEvery = 100;

/** An Envoy that has followed many changes holds what it is to have, and nothing else. */
export function describeRandomChanges(variant: Variant): void {
  describe.skipIf(binary === '')(`random changes over ADS, ${variant} ${reason}`, () => {
    const context = useFleet(binary, variant);

    it(`after each of ${changes} changes, or later, Envoy holds the newest of every resource and no other (seed ${seed})`, async () => {
      const { range, credentials, fleet } = context();
      const mesh = new RandomMesh(new Random(seed), range.base, seed);
      const id = `default/${witness}` as WorkloadId;
      let slot: Slot | undefined;
      for (let count = 1; count <= changes; count += 1) {
        const model = mesh.next();
        slot = fleet.slot(model.workloads[id]!.addresses[0]!);
        slot.serve(resourcesOf(model, id, await svidOf(credentials, model, id)));
        // It begins to travel before the next one.
        await tick();
        if (count % checkEvery !== 0) continue;
        await slot.ready();
        await slot.settled();
        await expectHeld(slot, variant);
      }
      expect(fleet.events.filter(({ kind }) => kind === 'nack')).toEqual([]);
    }, 300_000);
  });
}

function svidOf(credentials: Credentials, model: MeshModel, id: WorkloadId) {
  const { namespace, serviceAccount } = model.workloads[id]!;
  return credentials.issued(spiffeId(model.trustDomain, namespace, serviceAccount));
}

async function expectHeld(slot: Slot, variant: Variant): Promise<void> {
  const dumped = dumpedResources(await slot.json('/config_dump?include_eds'));
  const wanted = viewResources(slot.view);
  for (const typeUrl of new Set([...Object.keys(dumped), ...Object.keys(wanted)])) {
    const [has, needs] = [dumped[typeUrl] ?? {}, wanted[typeUrl] ?? {}];
    expect(Object.keys(has).sort(), typeUrl).toEqual(Object.keys(needs).sort());
    for (const [name, { content, version }] of Object.entries(needs)) {
      expect(has[name]?.content, `${typeUrl} ${name}`).toBe(content);
      // With state of the world a version is that of a response; and where Envoy replaced the filter chains of a listener alone
      // it goes on to tell the version before.
      const told = variant === 'delta' && typeUrl !== typeUrls.listener ? version : undefined;
      if (told !== undefined) expect(has[name]?.version, `${typeUrl} ${name}`).toBe(told);
    }
  }
}
