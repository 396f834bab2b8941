import type { Ejection } from '../telemetry/ejections.ts';

/** What is read of Envoy's `/clusters?format=json`. */
interface Clusters {
  readonly cluster_statuses?: readonly {
    readonly name?: string;
    readonly host_statuses?: readonly {
      readonly address?: { readonly socket_address?: { readonly address?: string; readonly port_value?: number } };
      readonly health_status?: { readonly failed_outlier_check?: boolean };
    }[];
  }[];
}

/** The cluster of a Service's port, `NAMESPACE/SERVICE:PORT`, and of one of its subsets or places. */
const servicePort = /^([^/@]+\/[^/@:]+:\d+)(?:@|$)/;

/** The endpoints that outlier detection of an Envoy keeps out; it says neither since when nor why. Throws for what is no JSON. */
export function envoyEjections(text: string): readonly Ejection[] {
  const found = new Map<string, Ejection>();
  for (const { name = '', host_statuses: hosts = [] } of (JSON.parse(text) as Clusters).cluster_statuses ?? []) {
    const cluster = servicePort.exec(name)?.[1];
    if (cluster === undefined) continue;
    for (const { address, health_status: health } of hosts) {
      const { address: host = '', port_value: port = 0 } = address?.socket_address ?? {};
      const endpoint = `${host}:${port}`;
      if (health?.failed_outlier_check === true) found.set(`${cluster} ${endpoint}`, { cluster, endpoint });
    }
  }
  return [...found.values()];
}
