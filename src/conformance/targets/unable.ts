import type { ConformanceCase } from '../case.ts';
import type { MeshDescription } from './description.ts';

/** `unknown-version` of a case is no version that a mesh could serve. */
const known = /^(?:access|specs|split)\.smi-spec\.io\/v1alpha[1-4]$/;

/** Why a mesh cannot run a case, as its target file says. */
export function reasonAgainst(testCase: ConformanceCase, mesh: MeshDescription): string | undefined {
  const stated = mesh.unable.find(({ cases }) => cases.test(testCase.name));
  if (stated !== undefined) return stated.reason;
  if (Object.keys(testCase.settings).length > 0) return 'the mesh has its own settings, and the case is about others';
  const version = testCase.apiVersions.find((each) => known.test(each) && !mesh.versions.includes(each));
  if (version !== undefined) return `${version} is not served`;
  if (!('outsiders' in mesh) && testCase.pods.some(({ outside }) => outside))
    return 'its target file does not say what keeps a pod out of the mesh';
  const kinds = testCase.steps.flatMap(({ expect }) => expect.map(({ question }) => question.traffic.kind));
  const kind = kinds.find((each) => !mesh.protocols.includes(each));
  return kind === undefined ? undefined : `the mesh does not carry ${kind}`;
}
