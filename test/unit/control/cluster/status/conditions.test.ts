import { describe, expect, it } from 'vitest';
import { mergeConditions } from '../../../../../src/control/cluster/status/condition.ts';
import { type Judged, judge } from '../../../../../src/control/cluster/status/judge.ts';
import type { LocatedDiagnostic } from '../../../../../src/control/messages.ts';
import { objectKey } from '../../../../../src/diagnostics/origin.ts';

const object = objectKey('split.smi-spec.io', 'TrafficSplit', 'shop', 'shop');
const finding = (code: string, path: string, severity: LocatedDiagnostic['severity'] = 'error'): LocatedDiagnostic => ({
  code,
  severity,
  message: 'is wrong',
  hint: 'mend it',
  origin: { object, path },
});
const fine: Judged = { findings: [], refused: false, refusals: [], landed: true };
const summary = (judged: Judged) =>
  Object.fromEntries(judge(judged).map(({ type, status, reason }) => [type, `${status} ${reason}`]));

describe('the conditions of an object', () => {
  it('say that a good one is in force', () => {
    expect(summary(fine)).toEqual({
      Accepted: 'True Accepted',
      ResolvedRefs: 'True ResolvedRefs',
      Programmed: 'True Programmed',
      Conflicted: 'False NoConflicts',
    });
  });

  it('tell an invalid field from a missing reference and from a conflict', () => {
    const invalid = { ...fine, refused: true, findings: [finding('SMI4008', 'spec.backends[0].weight')] };
    expect(summary(invalid)).toMatchObject({ Accepted: 'False Invalid', Programmed: 'False Invalid' });
    expect(judge(invalid)[0]?.message).toBe('SMI4008 spec.backends[0].weight: is wrong');
    expect(summary({ ...fine, findings: [finding('SMI3002', 'spec.backends[0].service')] })).toMatchObject({
      Accepted: 'True Accepted',
      ResolvedRefs: 'False RefNotFound',
      Programmed: 'True Programmed',
    });
    expect(summary({ ...fine, findings: [finding('SMI4004', 'spec.service')] })).toMatchObject({
      Accepted: 'True Accepted',
      Conflicted: 'True Conflict',
    });
  });

  it('are not moved by what is only worth knowing', () => {
    expect(judge({ ...fine, findings: [finding('SMI3002', 'spec', 'info')] })).toEqual(judge(fine));
  });

  it('say what proxies refuse, and what they do not have yet', () => {
    const refusal = {
      id: 'a',
      by: 'change' as const,
      objects: [object],
      related: [],
      diagnostic: finding('SMI5101', 'spec.backends'),
      resources: [],
      proxies: [],
      count: 3,
    };
    expect(summary({ ...fine, refusals: [refusal as never], landed: true })).toMatchObject({
      Programmed: 'False RefusedByProxy',
    });
    expect(summary({ ...fine, landed: false })).toMatchObject({ Programmed: 'Unknown Pending' });
    const messages = [true, false].map((landed) =>
      judge({ ...fine, landed, translated: true }).map(({ message }) => message),
    );
    expect(messages[0]).toContainEqual(expect.stringMatching(/^the cluster has all .* only the other mesh counts$/));
    expect(messages[1]).toContainEqual(expect.stringMatching(/^not all that is made from it/));
  });
});

describe('merging conditions', () => {
  const [early, late] = [new Date('2026-01-01T00:00:00.500Z'), new Date('2026-01-02T00:00:00Z')];
  const first = mergeConditions(undefined, judge(fine), 1, early)?.conditions;

  it('gives nothing to write when nothing changed', () => {
    expect(first).toHaveLength(4);
    expect(mergeConditions(first, judge(fine), 1, late)).toBeUndefined();
  });

  it('keeps the time of a status that stays, and conditions of others', () => {
    const foreign = { type: 'Reviewed', status: 'True' };
    const merged = mergeConditions([foreign, ...(first ?? [])], judge({ ...fine, landed: false }), 2, late);
    expect(merged?.news.map(({ type }) => type)).toEqual(['Programmed']);
    expect(merged?.conditions).toEqual([
      foreign,
      expect.objectContaining({ type: 'Accepted', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' }),
      expect.objectContaining({ type: 'ResolvedRefs', observedGeneration: 2 }),
      expect.objectContaining({ type: 'Programmed', status: 'Unknown', lastTransitionTime: '2026-01-02T00:00:00Z' }),
      expect.objectContaining({ type: 'Conflicted', observedGeneration: 2 }),
    ]);
  });
});
