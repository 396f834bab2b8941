import { sha256 } from '../lib/hash.ts';
import type { WorkloadSetId } from '../model/types.ts';

/** Hexadecimal digits: 64 bits, so that no two combinations ever share a set. */
const hashLength = 16;

/** The set of those workloads of a set that differ from the others in what a text says. */
export function partOf(set: WorkloadSetId, text: string): WorkloadSetId {
  const [account = '', part] = set.split('~');
  return `${account}~${sha256(part === undefined ? text : `${part}\n${text}`).slice(0, hashLength)}` as WorkloadSetId;
}
