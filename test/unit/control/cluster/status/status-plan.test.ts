import { describe, expect, it } from 'vitest';
import type { StatusSource, StatusSubject } from '../../../../../src/control/cluster/status/source.ts';
import { StatusPlan, type StatusWrite } from '../../../../../src/control/cluster/status/status-plan.ts';
import { objectKey } from '../../../../../src/diagnostics/origin.ts';

const key = objectKey('split.smi-spec.io', 'TrafficSplit', 'shop', 'shop');

/** An object in a cluster of one, with a writer that sees what it wrote only when told. */
function cluster() {
  const clock = { now: 0 };
  const state = {
    landed: true,
    generation: 1,
    version: 1,
    status: undefined as unknown,
    there: true,
    refused: false,
    unapplied: '',
  };
  const subject = (): StatusSubject => ({
    key,
    path: '/shop',
    apiVersion: 'split.smi-spec.io/v1alpha4',
    uid: 'u',
    generation: state.generation,
    resourceVersion: String(state.version),
    status: state.status,
  });
  const source: StatusSource = {
    subjects: () => (state.there ? [subject()] : []),
    findings: () => [],
    refused: () => new Set(state.refused ? [key] : []),
    refusals: () => [],
    translated: false,
    unapplied: () => new Map(state.unapplied === '' ? [] : [[key, state.unapplied]]),
    landed: () => state.landed,
    refresh: () => Promise.resolve({ landed: false, open: false }),
    weights: () => new Map(),
    watch: () => () => undefined,
  };
  const plan = new StatusPlan(source, () => clock.now);
  const land = (write: StatusWrite) => {
    plan.written(write);
    state.status = { ...(state.status as object), ...write.status };
    state.version += 1;
  };
  const change = () => {
    state.generation += 1;
    state.version += 1;
  };
  return { clock, state, plan, land, change };
}

describe('writes of a status', () => {
  it('wait for a moment of rest, happen once, and not again while nothing changes', () => {
    const { clock, plan, land } = cluster();
    expect(plan.look()).toEqual({ writes: [], later: true });
    clock.now += 500;
    const { writes, later } = plan.look();
    expect(later).toBe(false);
    expect(writes).toHaveLength(1);
    // The watch has not shown it yet.
    plan.written(writes[0]!);
    expect(plan.look().writes).toEqual([]);
    land(writes[0]!);
    clock.now += 3_600_000;
    expect(plan.look()).toEqual({ writes: [], later: false });
  });

  it('come again for what becomes wrong, or is no longer there, of an object that was left alone', () => {
    const { clock, state, plan, land } = cluster();
    clock.now += 500;
    plan.look();
    clock.now += 500;
    for (const write of plan.look().writes) land(write);
    expect(plan.look()).toEqual({ writes: [], later: false });
    state.refused = true;
    const [wrong, ...others] = plan.look().writes;
    expect(others).toEqual([]);
    expect(wrong?.news.map(({ type, status }) => [type, status])).toContainEqual(['Accepted', 'False']);
    state.refused = false;
    expect(plan.look()).toEqual({ writes: [], later: false });
    state.status = undefined;
    state.version += 1;
    expect(plan.look().writes).toHaveLength(1);
  });

  it('say at once what is translated and cannot be applied, and when it is', () => {
    const { clock, state, plan, land } = cluster();
    state.unapplied = 'the cluster does not serve HTTPRoute';
    plan.look();
    clock.now += 500;
    const [wrong] = plan.look().writes;
    expect(wrong?.news).toContainEqual({
      type: 'Programmed',
      status: 'False',
      reason: 'NotApplied',
      message: state.unapplied,
    });
    land(wrong!);
    expect(plan.look().writes).toEqual([]);
    state.unapplied = '';
    expect(plan.look().writes[0]?.news).toContainEqual(expect.objectContaining({ type: 'Programmed', status: 'True' }));
  });

  it('are one for a change that lands in time, and two for one that does not', () => {
    const { clock, state, plan, land, change } = cluster();
    plan.look();
    clock.now += 500;
    land(plan.look().writes[0]!);
    change();
    state.landed = false;
    plan.look();
    clock.now += 2_000;
    expect(plan.look()).toEqual({ writes: [], later: true });
    state.landed = true;
    const [once] = plan.look().writes;
    expect(once?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Programmed', status: 'True', observedGeneration: 2 }),
    );
    land(once!);
    change();
    state.landed = false;
    plan.look();
    clock.now += 3_000;
    const [pending] = plan.look().writes;
    expect(pending?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Programmed', status: 'Unknown', observedGeneration: 3 }),
    );
    land(pending!);
    state.landed = true;
    expect(plan.look().writes).toHaveLength(1);
  });

  it('are put off while somebody changes the object in quick succession', () => {
    const { clock, plan, change } = cluster();
    for (let i = 0; i < 20; i += 1) {
      change();
      clock.now += 300;
      expect(plan.look().writes).toEqual([]);
    }
    clock.now += 500;
    expect(plan.look().writes).toHaveLength(1);
  });

  it('carry the observed shares once', () => {
    const { clock, plan, land } = cluster();
    plan.look();
    clock.now += 500;
    land(plan.look().writes[0]!);
    plan.observed(key, [{ backend: 'shop/v1', percent: 100 }]);
    const [write] = plan.look().writes;
    expect(write?.status).toEqual({ backends: [{ service: 'v1', observedPercent: 100 }] });
    land(write!);
    expect(plan.look().writes).toEqual([]);
  });
});
