import { expect, test } from 'vitest';
import { proxiesOfObject, proxyLines } from '../../../../src/cli/describe/proxies.ts';
import type { CarrierReport } from '../../../../src/control/admin/contract.ts';
import { err, ok } from '../../../../src/lib/result.ts';

const synced = (node: string): CarrierReport => ({ node, state: 'synced', refused: [] });
const lines = (carriers: readonly CarrierReport[], absent: readonly string[] = []) =>
  proxyLines(proxiesOfObject(ok({ known: true, carriers, absent })));

test('how many proxies have an object, who waits for it, and who refuses it for which reason', () => {
  const refused = [{ typeUrl: 'routes', resource: 'shop', version: '1', since: 0, detail: 'regex too long' }];
  expect(
    lines(
      [
        synced('default/a'),
        { ...synced('default/b'), state: 'waiting' },
        { node: 'default/c', state: 'refused', refused },
      ],
      ['default/d'],
    ),
  ).toEqual([
    '1 of 3 proxies concerned have taken it as it is in force',
    'on its way to default/b',
    'default/c refused shop: regex too long',
    'not connected: default/d',
  ]);
  expect(lines([])).toEqual(['no proxy that is connected is concerned']);
});

test('of many only the first ones are named', () => {
  const waiting = Array.from({ length: 7 }, (_, index) => ({ ...synced(`p${index}`), state: 'waiting' as const }));
  expect(lines(waiting)[1]).toBe('on its way to p0, p1, p2, p3, p4 and 2 more');
});

test('what is not known is said', () => {
  expect(proxyLines(proxiesOfObject(err('no controller is ready')))).toEqual(['not known: no controller is ready']);
  expect(proxiesOfObject(ok({ known: false, carriers: [], absent: [] }))).toMatchObject({
    unknown: expect.any(String),
  });
});
