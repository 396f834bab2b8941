import { beforeAll, describe, expect, test } from 'vitest';
import { type AuthorityState, decodeState, encodeState, trustedRoots } from '../../../src/identity/authority-state.ts';
import { type AuthorityCredential, selfSignedCredential } from '../../../src/identity/credential.ts';
import { firstState, introduced, nextStep, phaseMarginSeconds } from '../../../src/identity/rotation.ts';
import { certificatesOf, intermediateOf, testRoot } from '../../support/intermediate.ts';

const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const lifeSeconds = 86_400;
const phase = (lifeSeconds + phaseMarginSeconds) * 1000;

let old: AuthorityCredential;
let next: AuthorityCredential;
let first: AuthorityState;
beforeAll(async () => {
  const make = (now: number) => selfSignedCredential('cluster.local', { now, lifetimeSeconds: 365 * 86_400 });
  [old, next] = [await make(start), await make(start + day)];
  first = firstState(old, start, lifeSeconds);
});

const step = (state: AuthorityState, now: number, more: { wanted?: boolean; lifeSeconds?: number } = {}) =>
  nextStep(state, { now, lifeSeconds, wanted: false, ...more });

function written(state: AuthorityState, now: number): AuthorityState {
  const due = step(state, now);
  if (due.kind !== 'write') throw new Error(`${due.kind} instead of a change`);
  return due.state;
}

describe('a rotation', () => {
  test('waits in each phase until no certificate of before can be valid, and survives each of them in the Secret', () => {
    const stored = (state: AuthorityState) => {
      const read = decodeState(encodeState(state));
      if (!read.ok) throw new Error(read.error);
      expect(read.value).toEqual(state);
      return read.value;
    };
    expect(step(stored(first), start + day)).toEqual({ kind: 'wait' });
    expect(step(first, start + day, { wanted: true }).kind).toBe('make');
    const introducing = stored(introduced(first, next, start + day));
    expect(certificatesOf(trustedRoots(introducing))).toHaveLength(2);
    expect(step(introducing, start + day + phase - 1).kind).toBe('wait');
    expect(step(introducing, start + day + phase - 1, { wanted: true }).kind).toBe('wait');
    const promotedAt = start + day + phase;
    const retiring = stored(written(introducing, promotedAt));
    expect(retiring).toMatchObject({ phase: 'retiring', active: next, retired: old.trustBundle });
    // The roots are the same text, so that nobody is told of them again.
    expect(trustedRoots(retiring)).toBe(trustedRoots(introducing));
    expect(step(retiring, promotedAt + phase - 1).kind).toBe('wait');
    const settled = stored(written(retiring, promotedAt + phase));
    expect(settled).toEqual({ ...firstState(next, promotedAt + phase, lifeSeconds), phase: 'stable' });
    expect(trustedRoots(settled)).toBe(next.trustBundle);
  });

  test('lasts as long as the longest certificate that was signed, whatever the settings say now', () => {
    const longer = step(first, start, { lifeSeconds: 10 * lifeSeconds });
    expect(longer).toMatchObject({ kind: 'write', state: { longestLifeSeconds: 10 * lifeSeconds } });
    const state = { ...introduced(first, next, start), longestLifeSeconds: 10 * lifeSeconds };
    expect(step(state, start + 5 * phase).kind).toBe('wait');
    expect(step(state, start + 10 * phase).kind).toBe('write');
  });

  test('to another certificate of a root that everybody trusts needs no phases', async () => {
    const root = await testRoot();
    const [one, other] = [(await intermediateOf(root)).intermediate, (await intermediateOf(root)).intermediate];
    const state = introduced(firstState(one, start, lifeSeconds), other, start);
    const promoted = written(state, start);
    expect(promoted).toEqual(firstState(other, start, lifeSeconds));
  });

  test('begins at two thirds of the life; what has expired is replaced at once, and the new root with it', () => {
    const end = certificatesOf(old.certificateChain)[0]!.validToDate.getTime();
    expect(step(first, start + (end - start) * 0.65).kind).toBe('wait');
    expect(step(first, start + (end - start) * 0.67).kind).toBe('make');
    expect(step(first, end)).toEqual({ kind: 'make', because: 'what signs has expired' });
    expect(written(introduced(first, next, end), end)).toMatchObject({ phase: 'retiring', active: next });
  });

  test('begins in time for a root that ends before what it signed, and an issuer is not asked again and again', async () => {
    const root = await testRoot();
    const { intermediate } = await intermediateOf(root, 1_000 * day);
    const [above] = certificatesOf(intermediate.trustBundle);
    const [begin, end] = [above!.validFromDate.getTime(), above!.validToDate.getTime()];
    const state = firstState(intermediate, begin, lifeSeconds);
    expect(step(state, begin + (end - begin) * 0.65).kind).toBe('wait');
    expect(step(state, begin + (end - begin) * 0.67).kind).toBe('make');
    const another = written(introduced(state, (await intermediateOf(root, 1_000 * day)).intermediate, end), end);
    expect(another.phase).toBe('stable');
    expect(step(another, end + 59_000).kind).toBe('wait');
    expect(step(another, end + 59_000, { wanted: true }).kind).toBe('make');
    expect(step(another, end + 60_000).kind).toBe('make');
  });
});

test.each([
  ['nothing', undefined, 'it has no data'],
  ['no key', { 'tls.crt': '', 'ca.crt': '' }, 'is missing'],
  [
    'an unknown phase',
    { 'rotation.json': btoa('{"phase":"x","since":"2026-01-01","longestLifeSeconds":1}') },
    'rotation',
  ],
])('a Secret with %s is no authority', (_, change, because) => {
  const data = change === undefined ? undefined : 'tls.crt' in change ? change : { ...encodeState(first), ...change };
  expect(decodeState(data)).toEqual({ ok: false, error: expect.stringContaining(because) });
});
