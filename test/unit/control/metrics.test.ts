import { expect, it } from 'vitest';
import { ControlMetrics } from '../../../src/control/metrics.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';

const typeUrl = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const create = () => new ControlMetrics({ streams: () => 3, proxies: () => 2, behind: () => 1, refusals: () => 0 });

it('counts what travels by type, and what is asked for when it is asked', () => {
  const metrics = create();
  metrics.observe({ kind: 'sent', node: 'a', typeUrl, resources: ['x', 'y'], removed: ['z'] });
  metrics.observe({ kind: 'ack', node: 'a', typeUrl });
  metrics.observe({ kind: 'nack', node: 'a', typeUrl, names: ['x', 'y'], certain: false, detail: 'no' });
  const lines = metrics.render().split('\n');
  expect(lines).toContain('smi_xds_responses_total{type="Listener"} 1');
  expect(lines).toContain('smi_xds_resources_total{type="Listener"} 2');
  expect(lines).toContain('smi_xds_removals_total{type="Listener"} 1');
  expect(lines).toContain('smi_xds_acks_total{type="Listener"} 1');
  expect(lines).toContain('smi_xds_nacks_total{type="Listener"} 1');
  expect(lines).toContain('smi_control_proxies_behind 1');
});

it('gives each object at fault a series, to a bound', () => {
  const metrics = create();
  const split = (name: string) => objectKey('split.smi-spec.io', 'TrafficSplit', 'default', name);
  metrics.refused(typeUrl, split('shop'));
  metrics.refused(typeUrl, undefined);
  for (let count = 0; count < 600; count += 1) metrics.refused(typeUrl, split(`split-${count}`));
  const lines = metrics.render().split('\n');
  const series = lines.filter((line) => line.startsWith('smi_control_refusals_total{'));
  expect(series).toContain('smi_control_refusals_total{type="Listener",object="TrafficSplit default/shop"} 1');
  expect(series).toContain('smi_control_refusals_total{type="Listener",object=""} 1');
  expect(series).toContain('smi_control_refusals_total{type="Listener",object="other"} 102');
  expect(series).toHaveLength(501);
});
