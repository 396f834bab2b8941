import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import { closest } from '../lib/suggest.ts';
import type { SourceDocument } from '../source/types.ts';
import { decodeTrafficTarget } from './access/decode.ts';
import { decodeIdentityBinding } from './access/decode-binding.ts';
import { restorePreserved } from './convert/restore.ts';
import type { Decoded, SmiObject } from './decoded.ts';
import { decodeTrafficMetrics } from './metrics/decode.ts';
import { schemaFaults } from './schemas.ts';
import { explainFault } from './shape.ts';
import { decodeHTTPRouteGroup, decodePortRoute } from './specs/decode.ts';
import { decodeTrafficSplit } from './split/decode.ts';
import { kindsOf, smiGroups, versionsOf } from './versions.ts';

/** Of an object with more faults than this the others are not explained. */
const faultLimit = 1_000;

/** Reads an object of an SMI group: version, then schema, then what a schema cannot say. */
export function decodeSmi(document: SourceDocument): Decoded<SmiObject> {
  const { key, apiVersion, kind, object } = document;
  const { group } = parseObjectKey(key);
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const refusal = versionFault(document, group, version);
  if (refusal !== undefined) return { diagnostics: [refusal] };
  const faults = schemaFaults(group, version, kind, object);
  const shape = faults.slice(0, faultLimit).flatMap((fault) => explainFault(key, object, fault) ?? []);
  if (shape.some(({ severity }) => severity === 'error')) return { diagnostics: shape };
  const restored = restorePreserved(document);
  if (restored.value === undefined) return { diagnostics: [...shape, ...restored.diagnostics] };
  const decoded = decodeKind(restored.value);
  return { ...decoded, diagnostics: [...shape, ...restored.diagnostics, ...decoded.diagnostics] };
}

function decodeKind(document: SourceDocument): Decoded<SmiObject> {
  switch (document.kind) {
    case 'TrafficSplit':
      return tagged('TrafficSplit', decodeTrafficSplit(document));
    case 'TrafficTarget':
      return tagged('TrafficTarget', decodeTrafficTarget(document));
    case 'HTTPRouteGroup':
      return tagged('HTTPRouteGroup', decodeHTTPRouteGroup(document));
    case 'TCPRoute':
      return tagged('TCPRoute', decodePortRoute(document));
    case 'UDPRoute':
      return tagged('UDPRoute', decodePortRoute(document));
    case 'IdentityBinding':
      return tagged('IdentityBinding', decodeIdentityBinding(document));
    case 'TrafficMetrics':
      return tagged('TrafficMetrics', decodeTrafficMetrics(document));
    default:
      throw new Error(`no decoder for the served kind ${document.kind}`);
  }
}

function tagged<K extends SmiObject['kind']>(
  kind: K,
  { value, diagnostics }: Decoded<Extract<SmiObject, { kind: K }>['value']>,
): Decoded<SmiObject> {
  return value === undefined ? { diagnostics } : { value: { kind, value } as SmiObject, diagnostics };
}

/** Why an object of this group, kind and version is not read at all. */
function versionFault(
  { key, apiVersion, kind }: SourceDocument,
  group: string,
  version: string,
): Diagnostic | undefined {
  const versions = versionsOf(group, kind);
  if (versions === undefined) {
    const near = closest(kind, smiGroups().flatMap(kindsOf));
    const owner = near === undefined ? undefined : smiGroups().find((candidate) => kindsOf(candidate).includes(near));
    return diagnostic('SMI2001', {
      message: `${apiVersion} has no kind ${kind}`,
      origin: { object: key, path: near === kind ? 'apiVersion' : 'kind' },
      ...(near === undefined ? {} : { hint: `Did you mean ${near}${owner === group ? '' : ` of ${owner}`}?` }),
    });
  }
  if (versions.served.includes(version)) return undefined;
  const [newest] = versions.served;
  const origin = { object: key, path: 'apiVersion' };
  if (versions.known.includes(version)) {
    const message = `${kind} of ${apiVersion} is not served by this release`;
    const hint = newest === undefined ? 'Remove it; it has no effect here.' : `Rewrite it as ${group}/${newest}.`;
    return diagnostic('SMI2010', { message, origin, hint });
  }
  const all = [...versions.served, ...versions.known];
  const near = closest(version, versions.served) ?? newest ?? all[0];
  return diagnostic('SMI2011', {
    message: `${kind} has no version ${version}`,
    origin,
    hint: `Did you mean ${group}/${near ?? ''}? Its versions are ${all.toSorted().join(', ')}.`,
  });
}
