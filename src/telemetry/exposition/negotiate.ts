import type { MetricsRegistry } from '../registry.ts';
import { renderProtobuf } from './protobuf.ts';
import { renderOpenMetrics, renderText } from './text.ts';

export interface Exposition {
  readonly type: string;
  readonly body: string | Buffer;
}

interface Format {
  readonly accepts: (type: string, parameters: string) => boolean;
  readonly type: string;
  readonly render: (registry: MetricsRegistry) => string | Buffer;
}

const family = 'io.prometheus.client.MetricFamily';

const text: Format = {
  accepts: (type) => type === 'text/plain' || type === 'text/*' || type === '*/*',
  type: 'text/plain; version=0.0.4; charset=utf-8',
  render: renderText,
};

const formats: readonly Format[] = [
  {
    accepts: (type, parameters) =>
      type === 'application/vnd.google.protobuf' && parameters.includes(family) && parameters.includes('delimited'),
    type: `application/vnd.google.protobuf; proto=${family}; encoding=delimited`,
    render: renderProtobuf,
  },
  {
    accepts: (type) => type === 'application/openmetrics-text',
    type: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    render: renderOpenMetrics,
  },
  text,
];

/**
 * The metrics in the format that an `Accept` header (RFC 9110 12.5.1) likes best: protobuf with native histograms, OpenMetrics, or
 * Prometheus' text, which is also what those get who say nothing or ask for none of these.
 */
export function expose(registry: MetricsRegistry, accept: string | undefined): Exposition {
  const { type, render } = formatFor(accept ?? '');
  return { type, body: render(registry) };
}

function formatFor(accept: string): Format {
  let [best, bestQuality] = [text, 0];
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const quality = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1);
    const format = formats.find(({ accepts }) => accepts(type.toLowerCase(), parameters.join(';')));
    if (format === undefined || !(quality > bestQuality)) continue;
    [best, bestQuality] = [format, quality];
  }
  return best;
}
