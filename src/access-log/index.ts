import { showCertificate } from '../telemetry/certificate.ts';
import { MetricsRegistry } from '../telemetry/registry.ts';
import { TapHub } from '../telemetry/tap.ts';
import { type PagesOptions, servePages } from './pages.ts';
import { serveAccessLog } from './service.ts';

export interface EnvoyTelemetryOptions extends Pick<PagesOptions, 'admin' | 'envoy' | 'metrics'> {
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  /** The Unix socket to which Envoy streams its access log. */
  readonly socket: string;
  readonly log: (line: string) => void;
  /** The certificate that Envoy proves itself with, PEM, where it is known here. */
  readonly certificate?: () => string;
}

/**
 * Counts what an Envoy carries, from its access log, in the metrics of our own proxy, and shows them where our own proxy would. Rejects when
 * an address or the socket cannot be bound. The result stops it.
 */
export async function startEnvoyTelemetry(options: EnvoyTelemetryOptions): Promise<() => void> {
  const { workload, socket, log, certificate, ...places } = options;
  const registry = new MetricsRegistry();
  if (certificate !== undefined) showCertificate(registry, certificate);
  const taps = new TapHub();
  const service = await serveAccessLog(socket, { registry, taps }, log);
  try {
    const counted = { registry, workload, startedAt: Date.now() };
    const closePages = await servePages({ ...places, counted, taps });
    return () => {
      closePages();
      service.close();
    };
  } catch (error) {
    service.close();
    throw error;
  }
}
