import type { ConformanceCase } from '../case.ts';
import { readsCluster } from '../reads.ts';

/** Cases under the same settings share a mesh, up to so many pods; those that read have others. */
export function batchesOf(
  cases: readonly ConformanceCase[],
  mostPods: number,
): readonly (readonly ConformanceCase[])[] {
  const alike = Map.groupBy(cases, (testCase) =>
    JSON.stringify([readsCluster(testCase), Object.entries(testCase.settings).sort()]),
  );
  return [...alike.values()].flatMap((group) => {
    const batches: ConformanceCase[][] = [];
    let room = 0;
    for (const testCase of group) {
      if (testCase.pods.length > room) {
        batches.push([]);
        room = mostPods;
      }
      batches.at(-1)?.push(testCase);
      room -= testCase.pods.length;
    }
    return batches;
  });
}
