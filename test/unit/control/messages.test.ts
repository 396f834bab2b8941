import { describe, expect, it } from 'vitest';
import { parseControlPlaneMessage, parseSupervisorMessage } from '../../../src/control/messages.ts';

describe('messages between supervisor and control plane', () => {
  it('are taken when they have the outer shape of their type', () => {
    const issue = { type: 'issue', id: 1, identity: 'spiffe://x/ns/a/sa/b' };
    expect(parseSupervisorMessage(issue)).toEqual({ ok: true, value: issue });
    const splits = { type: 'splits', splits: [] };
    expect(parseControlPlaneMessage(splits)).toEqual({ ok: true, value: splits });
  });

  it.each([
    undefined,
    null,
    'pods',
    [],
    {},
    { type: 7 },
    { type: 'unknown' },
    { type: 'constructor' },
    { type: '__proto__' },
    { type: 'pods' },
    { type: 'pods', pods: 'all' },
    { type: 'pods', pods: [1] },
    { type: 'issue', id: Number.NaN, identity: 'x' },
    { type: 'issue', id: 1 },
  ])('%j is refused with a reason', (value) => {
    expect(parseSupervisorMessage(value)).toEqual({ ok: false, error: expect.any(String) });
  });

  it('of one direction are none of the other', () => {
    expect(parseSupervisorMessage({ type: 'splits', splits: [] }).ok).toBe(false);
    expect(parseControlPlaneMessage({ type: 'pods', pods: [] }).ok).toBe(false);
  });
});
