import { expect, test } from 'vitest';
import type { Artifact } from '../../../../../src/adapter/contract.ts';
import { concernedBy, desiredObjects } from '../../../../../src/control/cluster/bridge/desired.ts';
import { type ObjectKey, objectKey } from '../../../../../src/diagnostics/origin.ts';

const target = (name: string) => objectKey('access.smi-spec.io', 'TrafficTarget', 'shop', name);
const pod = objectKey('', 'Pod', 'shop', 'cart');

function artifact(kind: string, namespace: string, name: string, from: readonly ObjectKey[]): Artifact {
  const body = { apiVersion: 'security/v1', kind, metadata: { namespace, name } };
  return { name, format: 'kubernetes', body, origins: from.map((object) => ({ object, path: 'spec' })) };
}

const all = desiredObjects('toy', [
  artifact('Policy', 'shop', 'deny', [pod]),
  artifact('Policy', 'shop', 'allow', [target('a'), pod]),
  artifact('Policy', 'shop', 'allow-more', [target('b')]),
  artifact('Policy', 'elsewhere', 'allow', [target('c')]),
  artifact('Route', 'shop', 'route', [target('d')]),
]);
const concerned = (key: string) => {
  const wanted = [...all].find(([one]) => one.endsWith(key))?.[1];
  return wanted === undefined ? [] : [...concernedBy(wanted, all)].toSorted();
};

test('an object that is not there concerns what it is made from', () => {
  expect(concerned('shop/allow')).toEqual([target('a'), pod].toSorted());
  expect(concerned('shop/allow-more')).toEqual([target('b')]);
});

test('one that nobody wrote concerns those who rely on it: the others of its kind in its namespace', () => {
  expect(concerned('shop/deny')).toEqual([target('a'), target('b'), pod].toSorted());
});
