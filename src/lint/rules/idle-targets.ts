import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Subject, TrafficTarget } from '../../smi/types.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/**
 * Accounts of TrafficTargets under which no pod runs. Without any pod nothing can be said of that, and accounts that do not
 * even exist have been reported as such.
 */
export function* idleTargets({ input, model }: LintSubject): Iterable<Diagnostic> {
  const running = new Set<string>();
  for (const { namespace, serviceAccount } of Object.values(model.workloads))
    running.add(`${namespace}/${serviceAccount}`);
  if (running.size === 0) return;
  const declared = new Set(input.serviceAccounts.map(idOf));
  const idle = (target: TrafficTarget, { kind, name, namespace = target.meta.namespace }: Subject) => {
    const account = `${namespace}/${name}`;
    const exists = declared.has(account) || name === 'default';
    return kind === 'ServiceAccount' && exists && !running.has(account) ? account : undefined;
  };
  for (const target of input.targets) {
    const destination = idle(target, target.destination);
    if (destination !== undefined) {
      const message = `no pod runs under ServiceAccount ${destination}, so TrafficTarget ${idOf(target)} opens nothing`;
      yield diagnostic('SMI4504', { message, origin: fieldOf(target, 'spec', 'destination', 'name') });
    }
    for (const [position, source] of target.sources.entries()) {
      const account = idle(target, source);
      if (account === undefined) continue;
      const message = `no pod runs under ServiceAccount ${account}, so nobody makes use of this source`;
      yield diagnostic('SMI4505', { message, origin: fieldOf(target, 'spec', 'sources', position, 'name') });
    }
  }
}
