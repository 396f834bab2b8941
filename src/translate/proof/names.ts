import type { MeshModel, Service, Workload } from '../../model/types.ts';

/** How a client may call a service: by the host that it connects to, and the authority of its requests where that is another. */
export interface Called {
  readonly host: string;
  readonly authority?: string;
}

/** Every form of the service's name, some that nearly are, and those of another one. */
export function namesOf(model: MeshModel, service: Service, client: Workload, port: number): readonly Called[] {
  const names = [...service.hosts, service.name, ...service.vips, ...listening(client, service, port)];
  const [first = service.name] = service.hosts;
  const others = Object.values(model.services).filter(({ id }) => id !== service.id);
  const authorities = [
    ...names.flatMap((name) => [name, `${bracketed(name)}:${port}`]),
    `${bracketed(first)}:${port + 1}`,
    first.toUpperCase(),
    `${first}.example`,
    ...others.slice(0, 3).map(({ hosts: [host] }) => host),
  ];
  return [
    ...[...names, first.toUpperCase(), `x${first}`].map((host) => ({ host })),
    ...authorities.map((authority) => ({ host: first, authority })),
  ];
}

function listening({ outbound }: Workload, { id }: Service, port: number): readonly string[] {
  if (outbound === 'intercepted') return [];
  return outbound.filter((one) => one.service === id && one.port === port).map(({ listen }) => listen.address);
}

function bracketed(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}
