import type { ConformanceCase } from '../../case.ts';
import type { Target } from '../../target.ts';
import type { MeshDescription } from './description.ts';
import { batchesOf } from './lanes.ts';
import { ClusterConformanceMesh, type ClusterMeshOptions } from './mesh.ts';

/** At the same time: nodes that are made for tests are small. */
const mostPods = 28;
const concurrency = 4;

/** A mesh in a cluster, ours or somebody else's. */
export function clusterTarget(options: ClusterMeshOptions): Target {
  const { mesh } = options;
  return {
    name: mesh.mode,
    implementation: mesh.implementation,
    convergenceMillis: mesh.convergenceMillis,
    concurrency,
    reads: true,
    unable: (testCase) => reasonAgainst(testCase, mesh),
    batches: (cases) => batchesOf(cases, mostPods),
    open: (batch) => ClusterConformanceMesh.open(batch, options),
  };
}

/** `unknown-version` of a case is no version that a mesh could serve. */
const known = /^(?:access|specs|split)\.smi-spec\.io\/v1alpha[1-4]$/;

function reasonAgainst(testCase: ConformanceCase, mesh: MeshDescription): string | undefined {
  const stated = mesh.unable.find(({ cases }) => cases.test(testCase.name));
  if (stated !== undefined) return stated.reason;
  if (Object.keys(testCase.settings).length > 0) return 'the mesh has its own settings, and the case is about others';
  const version = testCase.apiVersions.find((each) => known.test(each) && !mesh.versions.includes(each));
  if (version !== undefined) return `${version} is not served`;
  const kinds = testCase.steps.flatMap(({ expect }) => expect.map(({ question }) => question.traffic.kind));
  const kind = kinds.find((each) => !mesh.protocols.includes(each));
  return kind === undefined ? undefined : `the mesh does not carry ${kind}`;
}
