import { metrics } from '../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { WebhookCall } from './server.ts';

/** Counts calls of the webhooks, how long they took, and what the conversion broke at. */
export function webhookMetrics(
  registry: MetricsRegistry,
  /** When the certificate in use expires, in milliseconds since 1970; 0 without one. */
  expiry: () => number,
): { observe(call: WebhookCall): void; defect(): void } {
  const defects = registry.counter(metrics.webhookDefects);
  registry.gauge(metrics.webhookCertificateExpiry, () => expiry() / 1000);
  return {
    observe: ({ path, outcome, seconds }) =>
      registry.histogram(metrics.webhookSeconds, { path, outcome }).observe(seconds),
    defect: () => {
      defects.value += 1;
    },
  };
}
