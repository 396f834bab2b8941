import type { TapTarget } from '../../control/admin/contract.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';

/** Short names as kubectl has them. */
const kinds: Readonly<Record<string, string>> = {
  po: 'pod',
  svc: 'service',
  ns: 'namespace',
  deploy: 'deployment',
  rs: 'replicaset',
  sts: 'statefulset',
  ds: 'daemonset',
  cj: 'cronjob',
};
const known = ['pod', 'service', 'namespace', 'deployment', 'replicaset', 'statefulset', 'daemonset', 'job', 'cronjob'];

/**
 * The workloads that a resource means: `KIND/NAME`, `KIND/NAMESPACE/NAME`, or `NAME` and `NAMESPACE/NAME` of whatever has that name.
 * Without a namespace it is `default`. The error says what is wrong.
 */
export function targetsOf(resource: string, targets: readonly TapTarget[]): Result<readonly TapTarget[], string> {
  const parts = resource.split('/');
  const first = (parts[0] ?? '').toLowerCase().replace(/(?<=..)s$/, '');
  const kind = kinds[(parts[0] ?? '').toLowerCase()] ?? (known.includes(first) ? first : undefined);
  const names = kind === undefined ? parts : parts.slice(1);
  if (names.length === 0 || names.length > 2 || names.some((name) => name === '')) {
    const near = closest(first, known);
    return err(`${resource} is no KIND/NAME${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const name = names.at(-1) ?? '';
  const namespace = names.length === 2 ? (names[0] ?? '') : 'default';
  const found = targets.filter((target) => means(target, kind, namespace, name));
  return found.length > 0 ? ok(found) : err(`nothing with a proxy is meant by ${resource}`);
}

function means(target: TapTarget, kind: string | undefined, namespace: string, name: string): boolean {
  const { workload, owners, services } = target;
  if (kind === 'namespace') return workload.startsWith(`${name}/`);
  if ((kind === undefined || kind === 'service') && services.includes(`${namespace}/${name}`)) return true;
  if (!workload.startsWith(`${namespace}/`) || kind === 'service') return false;
  if ((kind === undefined || kind === 'pod') && workload === `${namespace}/${name}`) return true;
  return owners.some((owner) => owner.name === name && (kind === undefined || owner.kind.toLowerCase() === kind));
}
