import { expect, test } from 'vitest';
import { renderText } from '../../../src/telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { webhookMetrics } from '../../../src/webhooks/metrics.ts';

test('calls are counted by path and outcome, with the time that they took', () => {
  const registry = new MetricsRegistry();
  const metrics = webhookMetrics(registry, () => 7_000);
  metrics.observe({ path: '/convert', outcome: 'answered', seconds: 0.002 });
  metrics.observe({ path: '/convert', outcome: 'answered', seconds: 0.004 });
  metrics.observe({ path: '/validate', outcome: 'failed', seconds: 1, defect: new Error('a bug') });
  metrics.defect();
  const text = renderText(registry);
  expect(text).toContain('smi_webhook_seconds_count{path="/convert",outcome="answered"} 2');
  expect(text).toContain('smi_webhook_seconds_count{path="/validate",outcome="failed"} 1');
  expect(text).toContain('smi_webhook_defects_total 1');
  expect(text).toContain('smi_webhook_certificate_expiry_timestamp_seconds 7');
});
