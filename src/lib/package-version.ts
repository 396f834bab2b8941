import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** The version of the installed package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Orders versions as Semantic Versioning does, without build metadata; what is no version comes first. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [parse(one), parse(other)];
  for (const [position, part] of a.numbers.entries()) {
    const difference = part - (b.numbers[position] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.prerelease === b.prerelease) return 0;
  // A prerelease comes before its release.
  if (a.prerelease === '' || b.prerelease === '') return a.prerelease === '' ? 1 : -1;
  return a.prerelease.localeCompare(b.prerelease, 'en', { numeric: true });
}

function parse(version: string): { readonly numbers: readonly number[]; readonly prerelease: string } {
  const [, major, minor, patch, prerelease = ''] = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?/.exec(version) ?? [];
  return { numbers: [major, minor, patch].map((part) => Number(part ?? -1)), prerelease };
}
