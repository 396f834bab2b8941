import { validityOf } from '../lib/certificates.ts';
import { metrics } from './catalogue.ts';
import type { MetricsRegistry } from './registry.ts';

/** Shows when the certificate in use began and ends; `chain` is PEM, and nothing while there is none. */
export function showCertificate(registry: MetricsRegistry, chain: () => string | undefined): void {
  registry.gauge(metrics.certificateExpiry, () => validityOf(chain() ?? '').until / 1000);
  registry.gauge(metrics.certificateIssued, () => validityOf(chain() ?? '').from / 1000);
}
