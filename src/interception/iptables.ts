import { execFile } from 'node:child_process';
import type { IpFamily } from './rules.ts';

export interface Ran {
  readonly code: number;
  /** What it said, both streams. */
  readonly output: string;
  readonly missing: boolean;
}

/**
 * The ways to the rules of a kernel: by nf_tables or by the older ip_tables. Which of them works is known only on the node; a
 * program without a suffix is whichever the image has.
 */
export const backends = ['nft', 'legacy', ''] as const;
export type Backend = (typeof backends)[number];

const timeoutMillis = 20_000;
/** Nobody shares the rules of a pod's network, so that there is nothing to lock; the usual file is on a root that cannot be written. */
const lockFile = '/dev/null';
const usualPath = '/usr/sbin:/usr/bin:/sbin:/bin';

export function program(family: IpFamily, backend: Backend, suffix: '' | '-restore'): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}${backend === '' ? '' : `-${backend}`}${suffix}`;
}

export function runIptables(file: string, args: readonly string[], input = ''): Promise<Ran> {
  const env = { PATH: process.env.PATH ?? usualPath, XTABLES_LOCKFILE: process.env.XTABLES_LOCKFILE ?? lockFile };
  return new Promise((resolve) => {
    const child = execFile(file, [...args], { env, timeout: timeoutMillis }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error === null) return resolve({ code: 0, output, missing: false });
      if (error.code === 'ENOENT') return resolve({ code: 127, output: `${file} is not there`, missing: true });
      const why = error.killed === true ? `${file} took more than ${timeoutMillis / 1_000} s` : output;
      resolve({ code: typeof error.code === 'number' ? error.code : 1, output: why, missing: false });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
