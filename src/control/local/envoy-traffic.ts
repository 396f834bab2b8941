import type { LocalOutbound } from '../../kubernetes/local-addressing.ts';
import type { WantedShare } from '../messages.ts';
import type { EnvoyListenerTraffic, EnvoyTraffic } from './data-plane.ts';
import type { Sample } from './metrics-scrape.ts';

interface Destination extends EnvoyListenerTraffic {
  /** `NAMESPACE/SERVICE:PORT`. */
  readonly name: string;
  /** Cluster to its part of the requests, relative. */
  readonly backends: ReadonlyMap<string, number>;
}

/**
 * What an Envoy counted as a client, in the series of our own sidecars. Envoy counts requests by the listener that took them,
 * which is one service here, and by the cluster that answered: where several services lead to one cluster, its answers are
 * shared out among them as their requests and weights say.
 */
export function samplesOf(
  { listeners, clusters }: EnvoyTraffic,
  outbound: readonly LocalOutbound[],
  shares: readonly WantedShare[],
): readonly Sample[] {
  const destinations = outbound.flatMap(({ service, port, udp, listen }): Destination[] => {
    const counted = udp === true ? undefined : listeners.get(listen);
    if (counted === undefined) return [];
    return [{ name: `${service}:${port}`, ...counted, backends: backendsOf(service, port, shares) }];
  });
  return destinations.flatMap((destination) => {
    const samples: Sample[] = [];
    // Errors that no backend answered are the sidecar's own. Of all requests that cannot be said: Envoy counts on while it tells.
    const errors = { clientErrors: 0, serverErrors: 0 };
    for (const name of destination.backends.keys()) {
      const stats = clusters.get(name);
      if (stats === undefined) continue;
      const part = partOf(destination, name, destinations);
      const labels = {
        direction: 'outbound',
        destination: destination.name,
        backend: name.slice(0, name.lastIndexOf(':')),
      };
      for (const [code, count] of stats.codes) {
        if (code.startsWith('4')) errors.clientErrors += count * part;
        if (code.startsWith('5')) errors.serverErrors += count * part;
        samples.push({ name: 'smi_requests_total', labels: { ...labels, code }, value: Math.round(count * part) });
      }
      for (const [millis, count] of stats.times) {
        const le = String(millis / 1000);
        samples.push({ name: 'smi_request_duration_seconds_bucket', labels: { ...labels, le }, value: count * part });
      }
    }
    const { denied, clientErrors, serverErrors } = destination;
    const own = { direction: 'outbound', destination: destination.name, backend: '' };
    const rest = (code: string, value: number) => {
      if (value > 0) samples.push({ name: 'smi_requests_total', labels: { ...own, code }, value });
    };
    rest('403', denied);
    rest('404', clientErrors - denied - Math.round(errors.clientErrors));
    rest('503', serverErrors - Math.round(errors.serverErrors));
    return samples;
  });
}

/** Where the rules of a service port lead; with several rules each counts alike. */
function backendsOf(service: string, port: number, shares: readonly WantedShare[]): ReadonlyMap<string, number> {
  const here = shares.filter((share) => share.root === service && share.port === port);
  const backends = new Map<string, number>();
  for (const { backend, backendPort, weight, total } of here) {
    const name = `${backend}:${backendPort}`;
    backends.set(name, (backends.get(name) ?? 0) + weight / total);
  }
  // What no split governs, or no rule of one covers, goes to the service itself.
  const self = `${service}:${port}`;
  if (!backends.has(self)) backends.set(self, backends.size === 0 ? 1 : 0);
  return backends;
}

function partOf({ requests, backends }: Destination, cluster: string, all: readonly Destination[]): number {
  const wanted = requests * (backends.get(cluster) ?? 0);
  const sum = all.reduce((total, other) => total + other.requests * (other.backends.get(cluster) ?? 0), 0);
  if (sum > 0) return wanted / sum;
  // Nobody means it by weight: requests that no rule of a split covers, of the one service that has its name.
  return all.filter((other) => other.backends.has(cluster)).length === 1 ? 1 : 0;
}
