import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';
import { answersTo, parseAuthority } from '../../model/hosts.ts';
import type { MeshModel, Protocol, Service, Workload } from '../../model/types.ts';

/**
 * The workload that a person means by the name of a pod, a Deployment (its first pod) or a service account (its first
 * pod): `NAME` in any namespace, `default` first, or `NAMESPACE/NAME`. The error is a sentence.
 */
export function findWorkload(model: MeshModel, text: string): Result<Workload, string> {
  const known = Object.values(model.workloads);
  const names = (workload: Workload) => [
    workload.id,
    ...workload.owners.map(({ name }) => `${workload.namespace}/${name}`),
    workload.set,
  ];
  const spellings = text.includes('/')
    ? [text]
    : [`default/${text}`, ...[...new Set(known.map(({ namespace }) => `${namespace}/${text}`))].sort()];
  for (const spelling of spellings) {
    for (const position of ['pod', 'owner', 'account'] as const) {
      const found = known.find((workload) => namesAt(workload, position).includes(spelling));
      if (found !== undefined) return ok(found);
    }
  }
  const candidates = known.flatMap(names).flatMap((id) => (text.includes('/') ? [id] : [id.split('/')[1] ?? id]));
  return err(`no pod, Deployment or ServiceAccount is named "${text}"${didYouMean(text, candidates)}`);
}

function namesAt(workload: Workload, position: 'pod' | 'owner' | 'account'): readonly string[] {
  if (position === 'pod') return [workload.id];
  if (position === 'account') return [workload.set];
  return workload.owners.map(({ name }) => `${workload.namespace}/${name}`);
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** `HOST[:PORT]` as the client names a service; without a port the service's only one, or 80. The error is a sentence. */
export function findDestination(model: MeshModel, client: Workload, text: string): Result<Destination, string> {
  const parsed = parseAuthority(text);
  if (parsed === undefined) return err(`"${text}" is not of the form HOST or HOST:PORT`);
  const services = Object.values(model.services);
  const service = services.find((candidate) => isNamed(candidate, client, parsed.name));
  if (service === undefined) {
    const names = services.flatMap(({ name, namespace, hosts }) =>
      namespace === client.namespace ? [name, ...hosts] : hosts,
    );
    return err(`no Service is called "${parsed.name}" by ${client.id}${didYouMean(parsed.name, names)}`);
  }
  const numbers = service.ports.map(({ port }) => port);
  const wanted = parsed.port ?? (numbers.length === 1 ? numbers[0] : 80);
  const found = service.ports.find(({ port }) => port === wanted);
  if (found !== undefined) return ok({ host: parsed.name, port: found.port, protocol: found.protocol });
  const offered = numbers.length === 0 ? 'no port' : `port ${numbers.join(', ')}`;
  return err(`Service ${service.id} offers ${offered}: write --to ${parsed.name}:PORT`);
}

function isNamed(service: Service, client: Workload, name: string): boolean {
  return answersTo({ service, port: { port: 0, protocol: 'http', targets: [] } }, client, { name });
}

export function didYouMean(text: string, candidates: Iterable<string>): string {
  const near = closest(text, candidates);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
