import { expect, test } from 'vitest';
import { compareVersions } from '../../../src/lib/package-version.ts';

test('versions are ordered by their numbers, and a prerelease before its release', () => {
  const ordered = [
    'no version',
    '0.9.0',
    '1.0.0-alpha.2',
    '1.0.0-alpha.10',
    '1.0.0-rc.1',
    'v1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
  ];
  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
  expect(compareVersions('1.0.0', 'v1.0.0+build.7')).toBe(0);
});
