import { expect, test } from 'vitest';
import { AccessMatrices } from '../../../src/dashboard/api/access.ts';
import type { Traffic } from '../../../src/dashboard/api/traffic.ts';
import { compile, pod, service } from '../../support/objects.ts';

const traffic: Traffic = { scope: { windowSeconds: 30, observedSeconds: 30, at: 0 }, series: [] };
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const meshOf = (pods: number, each: number) =>
  compile({
    pods: names(pods, 'client-').map((name) => pod(name)),
    services: ['shop', 'books'].flatMap((namespace) => names(each, `${namespace}/web-`).map((name) => service(name))),
  }).model;

test('a small mesh is shown whole, or the Services of a namespace that is chosen', () => {
  const matrices = new AccessMatrices();
  const model = meshOf(2, 2);
  const whole = matrices.page(model, traffic, undefined);
  expect(whole).toMatchObject({ namespaces: ['books', 'shop'] });
  expect([whole.namespace, whole.cut, whole.destinations.length]).toEqual([undefined, undefined, 4]);
  const one = matrices.page(model, traffic, 'shop');
  expect(one.destinations.map(({ service: id }) => id)).toEqual(['shop/web-0', 'shop/web-1']);
  expect(one.namespace).toBe('shop');
});

test('of a large mesh one namespace is shown, and each can be chosen', () => {
  const matrices = new AccessMatrices();
  const model = meshOf(501, 10);
  const first = matrices.page(model, traffic, undefined);
  expect(first).toMatchObject({ cut: { clients: 501, destinations: 20 }, namespace: 'books' });
  expect(first.destinations).toHaveLength(10);
  const other = matrices.page(model, traffic, 'shop');
  expect(other).toMatchObject({ cut: {}, namespace: 'shop', namespaces: ['books', 'shop'] });
  expect(other.destinations[0]?.service).toBe('shop/web-0');
  expect(other.cells).toHaveLength(501);
  expect(matrices.page(model, traffic, 'nothing').destinations).toEqual([]);
});
