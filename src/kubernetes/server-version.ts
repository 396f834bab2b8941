import { isRecord } from '../lib/values.ts';

export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
}

/** Reads `1.28`, `v1.28.3` and the like. */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:[.+-].*)?$/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** Reads the answer of an apiserver to `/version`; some write `34+`. */
export function decodeKubernetesVersion(answer: unknown): KubernetesVersion | undefined {
  if (!isRecord(answer)) return undefined;
  return parseKubernetesVersion(`${String(answer.major)}.${String(answer.minor).replace(/\D+$/, '')}`);
}
