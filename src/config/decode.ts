import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { objectKey, parseObjectKey } from '../diagnostics/origin.ts';
import { type Field, fieldOf } from '../kubernetes/field.ts';
import { readBundle } from '../lib/certificates.ts';
import { compareText } from '../lib/collections.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { isTrustDomain } from '../lib/spiffe.ts';
import { closest } from '../lib/suggest.ts';
import { isRecord } from '../lib/values.ts';
import type { TrustDomain } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';
import { decodeTracing, tracingFields } from './tracing.ts';
import type { MeshConfigObject } from './types.ts';

const group = 'config.smi-mesh.io';
const kind = 'MeshConfig';
const version = `${group}/v1alpha1`;

/** The one MeshConfig that a mesh has. It is cluster-scoped: the source fills in a namespace for objects without one. */
export const meshConfigKey = objectKey(group, kind, 'default', 'default');

export interface DecodedConfig {
  readonly value?: { readonly kind: 'MeshConfig'; readonly value: MeshConfigObject };
  readonly diagnostics: readonly Diagnostic[];
}

const settings = {
  accessMode: ['deny', 'audit', 'allow'],
  pathRegexMode: ['spec', 'full'],
  crossNamespaceTargets: ['refuse', 'allow'],
  clientAccess: ['pass', 'refuse'],
  accessLog: ['refused', 'all'],
  metrics: ['all', 'none'],
  outbound: ['passthrough', 'registry-only'],
} as const;

/** Whether an object is of our own configuration group. */
export function isConfigGroup(document: SourceDocument): boolean {
  return parseObjectKey(document.key).group === group;
}

/**
 * Reads an object of the configuration group. An unknown field refuses it: a setting that is misspelt and ignored could
 * leave the mesh wider open than its author thinks.
 */
export function decodeConfig(document: SourceDocument): DecodedConfig {
  const { key, apiVersion } = document;
  const refuse = (code: 'SMI2001' | 'SMI2011' | 'SMI4034', message: string, path: string, hint?: string) => ({
    diagnostics: [
      diagnostic(code, { message, origin: { object: key, path }, ...(hint === undefined ? {} : { hint }) }),
    ],
  });
  if (document.kind !== kind)
    return refuse('SMI2001', `${apiVersion} has no kind ${document.kind}`, 'kind', `Use ${kind}.`);
  if (apiVersion !== version) {
    return refuse('SMI2011', `${kind} has no version ${apiVersion}`, 'apiVersion', `Use ${version}.`);
  }
  if (key !== meshConfigKey) {
    const { namespace, name } = parseObjectKey(key);
    const path = name === 'default' ? 'metadata.namespace' : 'metadata.name';
    return refuse('SMI4034', `MeshConfig ${namespace}/${name} is not the one of the mesh`, path);
  }
  const diagnostics: Diagnostic[] = [];
  const value = decodeMeshConfig(document, fieldOf(key, document.object, diagnostics), diagnostics);
  return diagnostics.length > 0 ? { diagnostics } : { value: { kind, value }, diagnostics };
}

function decodeMeshConfig(document: SourceDocument, root: Field, diagnostics: Diagnostic[]): MeshConfigObject {
  const { object } = document;
  const known = (value: unknown, path: readonly PathSegment[], names: readonly string[]) =>
    diagnostics.push(...unknownFields(document, value, path, names));
  known(object, [], ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
  const spec = isRecord(object.spec) ? object.spec : {};
  known(spec, ['spec'], [...Object.keys(settings), 'namespaces', 'trustDomains', 'tracing']);
  const field = root.at('spec');
  const namespaces = isRecord(spec.namespaces) ? spec.namespaces : {};
  const { outbound } = chosen(field, 'outbound');
  const trustDomains = decodeTrustDomains(document, field.at('trustDomains'), spec.trustDomains, diagnostics);
  known(spec.tracing, ['spec', 'tracing'], tracingFields);
  const tracing = decodeTracing(document.key, field.at('tracing'), diagnostics);
  // Looking into it reports what is not a mapping.
  field.at('namespaces').at('');
  return {
    meta: { key: document.key },
    settings: {
      ...chosen(field, 'accessMode'),
      ...chosen(field, 'pathRegexMode'),
      ...chosen(field, 'crossNamespaceTargets'),
      ...chosen(field, 'clientAccess'),
      ...chosen(field, 'accessLog'),
      ...chosen(field, 'metrics'),
      ...(tracing === undefined ? {} : { tracing }),
      ...(outbound === undefined ? {} : { outboundMode: outbound }),
      ...(trustDomains === undefined ? {} : { trustDomains }),
    },
    namespaces: Object.fromEntries(
      Object.entries(namespaces).map(([name, inner]) => {
        known(inner, ['spec', 'namespaces', name], ['pathRegexMode']);
        return [name, chosen(field.at('namespaces').at(name), 'pathRegexMode')];
      }),
    ),
  };
}

/** The roots of other trust domains; none of them can be read wrong without refusing the object. */
function decodeTrustDomains(
  document: SourceDocument,
  field: Field,
  value: unknown,
  diagnostics: Diagnostic[],
): Readonly<Record<string, TrustDomain>> | undefined {
  field.at('');
  if (!isRecord(value) || Object.keys(value).length === 0) return undefined;
  const names = Object.keys(value).sort(compareText);
  const entries = names.flatMap((name): [string, TrustDomain][] => {
    const path = ['spec', 'trustDomains', name];
    const wrong = (message: string, at: readonly PathSegment[], hint: string) => {
      const origin = { object: document.key, path: formatFieldPath(at) };
      diagnostics.push(diagnostic('SMI2012', { message: `${formatFieldPath(at)} ${message}`, origin, hint }));
    };
    if (!isTrustDomain(name))
      wrong('is not the name of a trust domain', path, 'Use its name, such as partner.example.');
    diagnostics.push(...unknownFields(document, value[name], path, ['bundle']));
    const inner = field.at(name).at('bundle');
    if (!inner.present) inner.missing();
    const bundle = inner.text();
    if (bundle === undefined) return [];
    const roots = readBundle(bundle);
    if (!roots.ok)
      wrong(`is no PEM bundle: ${roots.error}`, [...path, 'bundle'], 'Write the PEM of its root certificates.');
    return [[name, { bundle }]];
  });
  return Object.fromEntries(entries);
}

function chosen<K extends keyof typeof settings>(
  field: Field,
  name: K,
): { readonly [P in K]?: (typeof settings)[K][number] } {
  const value = field.at(name).oneOf<(typeof settings)[K][number]>(settings[name]);
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: (typeof settings)[K][number] };
}

function unknownFields(
  { key }: SourceDocument,
  value: unknown,
  path: readonly PathSegment[],
  names: readonly string[],
): readonly Diagnostic[] {
  if (!isRecord(value)) return [];
  return Object.keys(value)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const near = closest(name, names);
      return diagnostic('SMI2008', {
        severity: 'error',
        message: `MeshConfig has no field ${formatFieldPath([...path, name])}; the object is refused`,
        origin: { object: key, path: formatFieldPath([...path, name]), mark: 'key' },
        ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
      });
    });
}
