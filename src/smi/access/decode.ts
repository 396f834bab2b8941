import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { type CountedList, tooManyEntries } from '../entry-limits.ts';
import { smiMeta } from '../meta.ts';
import type { Subject, TargetRule, TrafficTarget } from '../types.ts';
import { writtenOrigin, writtenSpec } from '../written.ts';

const highestPort = 65_535;

/** v1alpha1 to v1alpha4, after the schema has accepted it. */
interface WireTrafficTarget {
  /** The port is of v1alpha1 and v1alpha2; as a text of v1alpha1 only. */
  readonly destination: Subject & { readonly port?: number | string | null };
  readonly rules?: readonly TargetRule[];
  /** The rules of v1alpha1. */
  readonly specs?: readonly TargetRule[];
  readonly sources?: readonly Subject[];
}

export function decodeTrafficTarget(document: SourceDocument): Decoded<TrafficTarget> {
  const spec = writtenSpec(document) as unknown as WireTrafficTarget;
  const { port } = spec.destination;
  const destinationPort = port === undefined || port === null ? undefined : Number(port);
  if (destinationPort !== undefined && destinationPort > highestPort) {
    const origin = writtenOrigin(document, { object: document.key, path: 'spec.destination.port' });
    const message = `${origin.path} is ${destinationPort}, not a port from 1 to ${highestPort}`;
    return { diagnostics: [diagnostic('SMI2004', { message, origin })] };
  }
  const rules = spec.rules ?? spec.specs ?? [];
  const excess = tooManyEntries(document, [
    { limit: 'targetRules', path: 'spec.rules', count: rules.length },
    ...rules.map(({ matches = [] }, index): CountedList => {
      return { limit: 'ruleMatches', path: `spec.rules[${index}].matches`, count: matches.length };
    }),
  ]);
  if (excess.length > 0) return { diagnostics: excess };
  const value: TrafficTarget = {
    meta: smiMeta(document),
    destination: subject(spec.destination),
    ...(destinationPort === undefined ? {} : { destinationPort }),
    rules: rules.map(({ kind, name, matches }) => ({
      kind,
      name,
      ...(matches === undefined ? {} : { matches: [...matches] }),
    })),
    sources: (spec.sources ?? []).map(subject),
  };
  return { value, diagnostics: [] };
}

function subject({ kind, name, namespace, group }: Subject): Subject {
  return {
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(group === undefined ? {} : { group }),
  };
}
