import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';
import { decodeKubernetes, isKubernetesKind, type KubernetesObject } from '../kubernetes/decode.ts';
import { decodeSmi } from '../smi/decode.ts';
import type { SmiObject } from '../smi/decoded.ts';
import { concernsSmi } from '../smi/versions.ts';
import type { SourceDocument } from '../source/types.ts';
import type { MeshInput } from './input.ts';

export interface Assembly {
  readonly input: MeshInput;
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Objects with an error, which are left out of the input; whether an older version of them stays in force is the
   * caller's decision. It includes objects with contradicting definitions, which the source has already reported.
   */
  readonly refused: readonly ObjectKey[];
}

/** Decodes documents into what the compiler reads. Objects of kinds that nothing here needs are passed over in silence. */
export function assemble(documents: readonly SourceDocument[]): Assembly {
  const objects: (SmiObject | KubernetesObject)[] = [];
  const diagnostics: Diagnostic[] = [];
  const refused = new Set(contradicted(documents));
  for (const document of documents) {
    const { group, kind } = parseObjectKey(document.key);
    if (!concernsSmi(group, kind) && !isKubernetesKind(document)) continue;
    const decoded = decodeDocument(document);
    diagnostics.push(...decoded.diagnostics);
    if (decoded.value === undefined) refused.add(document.key);
    else if (!refused.has(document.key)) objects.push(decoded.value);
  }
  return { input: { ...meshInput(objects), refused: [...refused] }, diagnostics, refused: [...refused] };
}

interface DecodedDocument {
  readonly value?: SmiObject | KubernetesObject;
  readonly diagnostics: readonly Diagnostic[];
}

/** Objects seldom change from one call to the next; a caller that keeps its documents does not pay for them again. */
const decodedDocuments = new WeakMap<SourceDocument, DecodedDocument>();

function decodeDocument(document: SourceDocument): DecodedDocument {
  let decoded = decodedDocuments.get(document);
  if (decoded === undefined) {
    decoded = isKubernetesKind(document) ? decodeKubernetes(document) : decodeSmi(document);
    decodedDocuments.set(document, decoded);
  }
  return decoded;
}

function contradicted(documents: readonly SourceDocument[]): readonly ObjectKey[] {
  const seen = new Set<ObjectKey>();
  return documents.flatMap(({ key }) => {
    const again = seen.has(key);
    seen.add(key);
    return again ? [key] : [];
  });
}

function meshInput(objects: readonly (SmiObject | KubernetesObject)[]): MeshInput {
  const input = {
    services: [] as MeshInput['services'][number][],
    serviceAccounts: [] as MeshInput['serviceAccounts'][number][],
    pods: [] as MeshInput['pods'][number][],
    deployments: [] as MeshInput['deployments'][number][],
    splits: [] as MeshInput['splits'][number][],
    targets: [] as MeshInput['targets'][number][],
    routeGroups: [] as MeshInput['routeGroups'][number][],
    tcpRoutes: [] as MeshInput['tcpRoutes'][number][],
  };
  for (const object of objects) {
    switch (object.kind) {
      case 'Service':
        input.services.push(object.value);
        break;
      case 'ServiceAccount':
        input.serviceAccounts.push(object.value);
        break;
      case 'Pod':
        input.pods.push(object.value);
        break;
      case 'Deployment':
        input.deployments.push(object.value);
        break;
      case 'TrafficSplit':
        input.splits.push(object.value);
        break;
      case 'TrafficTarget':
        input.targets.push(object.value);
        break;
      case 'HTTPRouteGroup':
        input.routeGroups.push(object.value);
        break;
      case 'TCPRoute':
        input.tcpRoutes.push(object.value);
        break;
    }
  }
  return input;
}
