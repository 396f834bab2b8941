import type { ConformanceCase } from './case.ts';
import type { Target } from './target.ts';

/** What a target has not that a case needs, which another target may have: such a case is none for it. */
export function lackOf({ reads, outsiders }: Target, { steps, pods }: ConformanceCase): string | undefined {
  if (!steps.every((step) => step.reads.every((question) => reads?.(question) === true))) return 'objects of a cluster';
  return outsiders === true || pods.every(({ outside }) => !outside) ? undefined : 'pods outside the mesh';
}
