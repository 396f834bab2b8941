import type { WebhookCall } from './server.ts';

/** Where numbers are kept: a registry of Prometheus metrics. */
export interface MetricsSink {
  counter(name: string, help: string): { value: number };
  histogram(name: string, help: string, labels: Readonly<Record<string, string>>): { observe(seconds: number): void };
}

/** Counts calls of the webhooks, how long they took, and what the conversion broke at. */
export function webhookMetrics(sink: MetricsSink): { observe(call: WebhookCall): void; defect(): void } {
  const defects = sink.counter('smi_webhook_defects_total', 'Objects that could not be converted.');
  return {
    observe: ({ path, outcome, seconds }) =>
      sink.histogram('smi_webhook_seconds', 'Calls of the webhooks.', { path, outcome }).observe(seconds),
    defect: () => {
      defects.value += 1;
    },
  };
}
