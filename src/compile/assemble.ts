import { decodeConfig, isConfigGroup } from '../config/decode.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';
import { decodeGateway } from '../gateway/decode.ts';
import { isGatewayKind } from '../gateway/versions.ts';
import { decodeKubernetes, isKubernetesKind } from '../kubernetes/decode.ts';
import { type DecodedPolicy, decodePolicy, remains } from '../policy/decode.ts';
import type { RefusedPolicy } from '../policy/types.ts';
import { isPolicyGroup } from '../policy/versions.ts';
import { decodeSmi } from '../smi/decode.ts';
import { concernsSmi } from '../smi/versions.ts';
import type { SourceDocument } from '../source/types.ts';
import type { InputChanges, MeshInput, MeshObject, ObjectState } from './input.ts';

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
  const objects: MeshObject[] = [];
  const diagnostics: Diagnostic[] = [];
  const refusedPolicies: RefusedPolicy[] = [];
  const refused = new Set(contradicted(documents));
  for (const document of documents) {
    if (!concernsMesh(document)) continue;
    const decoded = decodeDocument(document);
    for (const finding of decoded.diagnostics) diagnostics.push(finding);
    if (decoded.value === undefined) refused.add(document.key);
    else if (!refused.has(document.key)) objects.push(decoded.value);
    if (refused.has(document.key) && isPolicyGroup(document)) refusedPolicies.push(...remainsOf(document, decoded));
  }
  const input = { ...meshInput(objects), refused: [...refused], refusedPolicies };
  return { input, diagnostics, refused: [...refused] };
}

/** By key all documents that define an object now; none of an object that is gone. */
export type ChangedDocuments = ReadonlyMap<ObjectKey, readonly SourceDocument[]>;

/** The same for the documents that have changed, where those before have been assembled already. */
export function assembleChanges(changed: ChangedDocuments): {
  readonly changes: InputChanges;
  readonly diagnostics: readonly Diagnostic[];
} {
  const changes = new Map<ObjectKey, ObjectState | undefined>();
  const diagnostics: Diagnostic[] = [];
  for (const [key, documents] of changed) {
    const concerned = documents
      .filter(concernsMesh)
      .map((document) => ({ document, decoded: decodeDocument(document) }));
    for (const { decoded } of concerned) diagnostics.push(...decoded.diagnostics);
    const [first, ...others] = concerned;
    const object = others.length === 0 ? first?.decoded.value : undefined;
    const policies = concerned
      .filter(({ document }) => isPolicyGroup(document))
      .flatMap(({ document, decoded }) => remainsOf(document, decoded));
    const refused = { refused: true, policies } as const;
    changes.set(key, first === undefined ? undefined : object === undefined ? refused : { object });
  }
  return { changes, diagnostics };
}

/** What a policy leaves behind that is refused by itself, or because another object has its name. */
function remainsOf(document: SourceDocument, decoded: DecodedDocument): readonly RefusedPolicy[] {
  const { refused } = decoded.value === undefined ? decoded : remains(document);
  return refused === undefined ? [] : [refused];
}

/** One object decoded, with what is wrong with it alone; nothing of an object that the compiler has no use for. */
export function decodeMeshObject(document: SourceDocument): Pick<DecodedDocument, 'value' | 'diagnostics'> {
  return concernsMesh(document) ? decodeDocument(document) : { diagnostics: [] };
}

/** Whether an object is of a kind that the compiler reads, or meant to be. */
function concernsMesh(document: SourceDocument): boolean {
  if (isKubernetesKind(document) || isConfigGroup(document) || isPolicyGroup(document)) return true;
  if (isGatewayKind(document)) return true;
  const { group, kind } = parseObjectKey(document.key);
  return concernsSmi(group, kind);
}

interface DecodedDocument extends Pick<DecodedPolicy, 'refused'> {
  readonly value?: MeshObject;
  readonly diagnostics: readonly Diagnostic[];
}

/** Objects seldom change from one call to the next; a caller that keeps its documents does not pay for them again. */
const decodedDocuments = new WeakMap<SourceDocument, DecodedDocument>();

function decodeDocument(document: SourceDocument): DecodedDocument {
  let decoded = decodedDocuments.get(document);
  if (decoded === undefined) {
    decoded = decodeAnew(document);
    decodedDocuments.set(document, decoded);
  }
  return decoded;
}

function decodeAnew(document: SourceDocument): DecodedDocument {
  if (isKubernetesKind(document)) return decodeKubernetes(document);
  if (isConfigGroup(document)) return decodeConfig(document);
  if (isGatewayKind(document)) return decodeGateway(document);
  return isPolicyGroup(document) ? decodePolicy(document) : decodeSmi(document);
}

function contradicted(documents: readonly SourceDocument[]): readonly ObjectKey[] {
  const seen = new Set<ObjectKey>();
  return documents.flatMap(({ key }) => {
    const again = seen.has(key);
    seen.add(key);
    return again ? [key] : [];
  });
}

/** Which list of the input the objects of a kind belong to. */
const listOfKind = {
  Service: 'services',
  ServiceAccount: 'serviceAccounts',
  Pod: 'pods',
  Deployment: 'deployments',
  StatefulSet: 'podOwners',
  DaemonSet: 'podOwners',
  ReplicaSet: 'podOwners',
  Job: 'podOwners',
  Namespace: 'namespaces',
  Node: 'nodes',
  EndpointSlice: 'endpointSlices',
  TrafficSplit: 'splits',
  TrafficTarget: 'targets',
  IdentityBinding: 'identityBindings',
  HTTPRouteGroup: 'routeGroups',
  TCPRoute: 'tcpRoutes',
  UDPRoute: 'udpRoutes',
  TrafficMetrics: 'trafficMetrics',
  TrafficPolicy: 'policies',
  GatewayRoute: 'gatewayRoutes',
  ReferenceGrant: 'referenceGrants',
} as const satisfies Readonly<Record<Exclude<MeshObject['kind'], 'MeshConfig'>, keyof MeshInput>>;

function meshInput(objects: readonly MeshObject[]): MeshInput {
  const lists: Record<string, MeshObject['value'][]> = {};
  for (const list of Object.values(listOfKind)) lists[list] = [];
  let meshConfig: MeshInput['meshConfig'];
  for (const object of objects) {
    if (object.kind === 'MeshConfig') meshConfig = object.value;
    else lists[listOfKind[object.kind]]?.push(object.value);
  }
  return { ...(lists as unknown as MeshInput), ...(meshConfig === undefined ? {} : { meshConfig }) };
}
