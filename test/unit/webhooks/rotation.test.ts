import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  decodeCredential,
  encodeCredential,
  endOf,
  isUsable,
  type WebhookCredential,
} from '../../../src/webhooks/certificates/credential.ts';
import { nextStep, type RotationTimes } from '../../../src/webhooks/certificates/rotation.ts';

const hosts = ['smi-mesh-webhook.smi-mesh-system.svc', 'smi-mesh-webhook.smi-mesh-system.svc.cluster.local'];
const day = 86_400_000;
const start = Date.UTC(2030, 0, 1);
const times: RotationTimes = { lifetime: 90 * day, renewBefore: 30 * day, overlap: 300_000 };

async function step(credential: WebhookCredential | undefined, now: number, announcedSince?: number) {
  const state = { credential, ...(announcedSince === undefined ? {} : { announcedSince }) };
  return await nextStep(state, hosts, now, times);
}

async function must(credential: WebhookCredential | undefined, now: number, announcedSince?: number) {
  const next = await step(credential, now, announcedSince);
  if (next === undefined) throw new Error('no step was due');
  return next;
}

test('the first certificate is for the names of the Service, and of an authority that is trusted', async () => {
  const credential = await must(undefined, start);
  expect(credential.bundle).toHaveLength(1);
  expect(isUsable(credential, hosts, start)).toBe(true);
  expect(endOf(credential.serving)).toBe(start + times.lifetime);
  expect(await step(credential, start + day)).toBeUndefined();
});

test('a renewal trusts the new before it is served, and the old for a while longer', async () => {
  const first = await must(undefined, start);
  const due = start + 61 * day;
  const prepared = await must(first, due);
  expect(prepared.serving).toEqual(first.serving);
  expect(prepared.bundle.slice(0, 1)).toEqual(first.bundle);
  expect(prepared.bundle).toHaveLength(2);
  // Not before the apiserver has known both for the time of the overlap.
  expect(await step(prepared, due + day)).toBeUndefined();
  expect(await step(prepared, due + day, due + day - 1)).toBeUndefined();
  const promoted = await must(prepared, due + day, due + day - times.overlap);
  expect(promoted.serving).toEqual(prepared.next);
  expect(new Set(promoted.bundle)).toEqual(new Set(prepared.bundle));
  expect(promoted.next).toBeUndefined();
  expect(await step(promoted, due + day)).toBeUndefined();
  const ended = await must(promoted, due + 2 * day, due + day);
  expect(ended.bundle).toHaveLength(1);
  expect(isUsable(ended, hosts, due + 2 * day)).toBe(true);
  expect(await step(ended, due + 3 * day, due + 2 * day)).toBeUndefined();
});

test('at every step every replica serves what is trusted, whether it has read the step or not', async () => {
  let now = start;
  let credential = await must(undefined, now);
  for (let steps = 0; steps < 9; steps += 1) {
    const renewed = credential.next === undefined && credential.bundle.length === 1;
    now = renewed ? endOf(credential.serving) - times.renewBefore : now + times.overlap;
    const next = await must(credential, now, now - times.overlap);
    // Before the apiserver learns of the step, and before a replica does.
    expect(isUsable({ ...next, serving: credential.serving }, hosts, now)).toBe(true);
    expect(isUsable({ ...credential, serving: next.serving }, hosts, now)).toBe(true);
    credential = next;
  }
  expect(now).toBeGreaterThan(start + 3 * 59 * day);
});

describe('a certificate that cannot be used is replaced at once', () => {
  test('when it has expired', async () => {
    const first = await must(undefined, start);
    const again = await must(first, start + 91 * day);
    expect(isUsable(again, hosts, start + 91 * day)).toBe(true);
  });

  test('when the Service is called otherwise, still trusting what other replicas serve', async () => {
    const first = await nextStep({ credential: undefined }, ['other.svc'], start, times);
    const again = await must(first, start + day);
    expect(isUsable(again, hosts, start + day)).toBe(true);
    expect(again.bundle).toContain(first?.bundle[0]);
  });

  test('when what was prepared is of another authority it is prepared anew', async () => {
    const first = await must(undefined, start);
    const due = start + 61 * day;
    const prepared = await must(first, due);
    const spoiled = { ...prepared, bundle: [prepared.bundle[0] ?? '', first.bundle[0] ?? ''] };
    const cleared = await must(spoiled, due);
    expect(cleared).toEqual({ serving: first.serving, bundle: first.bundle });
  });
});

describe('the Secret', () => {
  test('is read as it was written', async () => {
    const prepared = await must(await must(undefined, start), start + 61 * day);
    const decoded = decodeCredential({ data: encodeCredential(prepared) });
    expect(decoded.ok && decoded.value.next).toEqual(prepared.next);
    expect(decoded.ok && decoded.value.serving).toEqual(prepared.serving);
    const serials = (bundle: readonly string[]) => bundle.map((pem) => new X509Certificate(pem).serialNumber);
    expect(decoded.ok && serials(decoded.value.bundle)).toEqual(serials(prepared.bundle));
  });

  test.each(['tls.crt', 'tls.key', 'ca.crt'])('without %s is an error that names it', async (key) => {
    const { [key]: _, ...data } = encodeCredential(await must(undefined, start));
    expect(decodeCredential({ data })).toMatchObject({ ok: false, error: expect.stringContaining(key) });
    expect(decodeCredential({})).toMatchObject({ ok: false });
  });
});
