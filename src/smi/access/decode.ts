import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { smiMeta } from '../meta.ts';
import type { Subject, TargetRule, TrafficTarget } from '../types.ts';

/** v1alpha3, after the schema has accepted it. */
interface WireTrafficTarget {
  readonly spec: {
    readonly destination: Subject;
    readonly rules: readonly TargetRule[];
    readonly sources: readonly Subject[];
  };
}

export function decodeTrafficTarget(document: SourceDocument): Decoded<TrafficTarget> {
  const { spec } = document.object as unknown as WireTrafficTarget;
  const value: TrafficTarget = {
    meta: smiMeta(document),
    destination: subject(spec.destination),
    rules: spec.rules.map(({ kind, name, matches }) => ({
      kind,
      name,
      ...(matches === undefined ? {} : { matches: [...matches] }),
    })),
    sources: spec.sources.map(subject),
  };
  return { value, diagnostics: [] };
}

function subject({ kind, name, namespace }: Subject): Subject {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}
