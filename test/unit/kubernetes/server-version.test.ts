import { expect, it } from 'vitest';
import { decodeKubernetesVersion, parseKubernetesVersion } from '../../../src/kubernetes/server-version.ts';

it.each([
  ['1.28', { major: 1, minor: 28 }],
  ['v1.34.4', { major: 1, minor: 34 }],
  ['1.29-gke.1', { major: 1, minor: 29 }],
  ['1', undefined],
  ['latest', undefined],
])('the version %s', (text, version) => {
  expect(parseKubernetesVersion(text)).toEqual(version);
});

it('an apiserver tells its version in two parts, the second with a mark at times', () => {
  expect(decodeKubernetesVersion({ major: '1', minor: '34+' })).toEqual({ major: 1, minor: 34 });
  expect(decodeKubernetesVersion({ message: 'forbidden' })).toBeUndefined();
});
