import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import { nonEmpty } from '../lib/collections.ts';
import { closest } from '../lib/suggest.ts';
import { isRecord } from '../lib/values.ts';
import { schemaFaults } from '../smi/schemas.ts';
import type { SourceDocument } from '../source/types.ts';
import { checkSpec } from './check.ts';
import { explainPolicyFault } from './faults.ts';
import { endpointFields, requestFields, serverFields, tlsRule } from './fields.ts';
import type { PolicyMeta, PolicyTarget, RefusedPolicy, TrafficPolicy } from './types.ts';
import { policyGroup, policyKind, policyVersion } from './versions.ts';
import type { WireSpec } from './wire.ts';

export interface DecodedPolicy {
  readonly value?: { readonly kind: 'TrafficPolicy'; readonly value: TrafficPolicy };
  /** Of a refused policy that asks for authentication of somebody whom it names. */
  readonly refused?: RefusedPolicy;
  readonly diagnostics: readonly Diagnostic[];
}

/** Of an object with more faults than this the others are not explained. */
const faultLimit = 1_000;

/** Reads an object of the group of policies. Anything wrong with it, an unknown field too, refuses it as a whole. */
export function decodePolicy(document: SourceDocument): DecodedPolicy {
  const { key, apiVersion, kind, object } = document;
  const refuse = (code: 'SMI2001' | 'SMI2011', message: string, path: string, hint: string): DecodedPolicy => ({
    diagnostics: [diagnostic(code, { message, origin: { object: key, path }, hint })],
  });
  if (kind !== policyKind) return refuse('SMI2001', `${apiVersion} has no kind ${kind}`, 'kind', `Use ${policyKind}.`);
  if (apiVersion !== `${policyGroup}/${policyVersion}`) {
    const hint = `Use ${policyGroup}/${policyVersion}.`;
    return { ...refuse('SMI2011', `${kind} has no version ${apiVersion}`, 'apiVersion', hint), ...remains(document) };
  }
  const faults = schemaFaults(policyGroup, policyVersion, kind, object, 'policy');
  const shape = faults.slice(0, faultLimit).flatMap((fault) => explainPolicyFault(key, object, fault) ?? []);
  if (faults.length > 0) return { diagnostics: shape, ...remains(document) };
  const spec = object.spec as unknown as WireSpec;
  const diagnostics = checkSpec(key, spec);
  if (diagnostics.length > 0) return { diagnostics, ...remains(document) };
  return { value: { kind: policyKind, value: policyOf(document, spec) }, diagnostics };
}

function policyOf(document: SourceDocument, spec: WireSpec): TrafficPolicy {
  const matches = nonEmpty(spec.matches ?? []);
  const tls = tlsRule(spec);
  return {
    meta: metaOf(document),
    targetRefs: spec.targetRefs.map(targetOf) as unknown as TrafficPolicy['targetRefs'],
    ...(matches === undefined ? {} : { matches }),
    request: requestFields(spec),
    endpoints: endpointFields(spec),
    server: serverFields(spec),
    ...(tls === undefined ? {} : { tls }),
  };
}

function targetOf({ kind, name }: PolicyTarget): PolicyTarget {
  return { kind, ...(name === undefined ? {} : { name }) };
}

function metaOf({ key, object }: SourceDocument): PolicyMeta {
  const { namespace, name } = parseObjectKey(key);
  const created = isRecord(object.metadata) ? object.metadata.creationTimestamp : undefined;
  return { key, namespace, name, ...(typeof created === 'string' ? { creationTimestamp: created } : {}) };
}

/**
 * What a refused policy leaves behind. A field that is likely a misspelt `authentication` counts as one: whatever the
 * policy asked for, its targets must not be open for the want of it.
 */
export function remains(document: SourceDocument): Pick<DecodedPolicy, 'refused'> {
  const spec = isRecord(document.object.spec) ? document.object.spec : {};
  const asks = Object.keys(spec).some((name) => closest(name, [field]) === field);
  const refs: readonly unknown[] = Array.isArray(spec.targetRefs) ? spec.targetRefs : [];
  const targetRefs = nonEmpty(refs.flatMap(readableTarget));
  return asks && targetRefs !== undefined ? { refused: { meta: metaOf(document), targetRefs } } : {};
}

const field = 'authentication';

function readableTarget(value: unknown): readonly PolicyTarget[] {
  if (!isRecord(value)) return [];
  const { kind, name } = value;
  if (kind === 'Service') return typeof name === 'string' ? [{ kind, name }] : [];
  return kind === 'Namespace' || kind === 'Mesh' ? [{ kind, ...(typeof name === 'string' ? { name } : {}) }] : [];
}
