import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { GrantTarget } from '../../model/types.ts';
import type { LintSubject } from '../subject.ts';

/** HTTP rules that are narrowed to ports of which none speaks HTTP. */
export function* emptyRules({ model }: LintSubject): Iterable<Diagnostic> {
  const workloads = Map.groupBy(Object.values(model.workloads), ({ set }) => set);
  for (const { set, grants } of Object.values(model.inbound)) {
    const declared = workloads.get(set)?.flatMap(({ ports }) => ports) ?? [];
    const http = new Set(declared.filter(({ protocol }) => protocol === 'http').map(({ port }) => port));
    const known = new Set(declared.map(({ port }) => port));
    for (const { rule, to } of grants) {
      for (const target of to) {
        const [origin, ...related] = target.origins;
        if (origin === undefined || !coversNothing(target, http, known)) continue;
        const message = `of the ports ${describePorts(target)} none speaks HTTP at the destination of TrafficTarget ${rule}`;
        yield diagnostic('SMI4506', { message, origin, related });
      }
    }
  }
}

/** A port that nobody has at all is reported as such elsewhere. */
function coversNothing(
  { http, ports, transport }: GrantTarget,
  spoken: ReadonlySet<number>,
  known: ReadonlySet<number>,
): boolean {
  if (http === 'any' || ports === 'any' || transport !== 'tcp') return false;
  return ports.every((port) => known.has(port) && !spoken.has(port));
}

function describePorts({ ports }: GrantTarget): string {
  return ports === 'any' ? 'there are' : ports.join(', ');
}
