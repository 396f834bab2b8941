import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import type { Field } from '../kubernetes/field.ts';
import { nonEmpty } from '../lib/collections.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Propagation, TracingSettings } from '../model/tracing.ts';

export const tracingFields = ['endpoint', 'protocol', 'sampling', 'keepErrors', 'keepSlow', 'propagation'] as const;

/** Every trace costs, and nobody reads all of them. */
const defaultSampling = 1;
const ports = { grpc: 4317, http: 4318 } as const;
const forms = ['w3c', 'b3', 'b3multi'] as const;

/** The tracing of a mesh; what cannot be read is reported. */
export function decodeTracing(object: ObjectKey, field: Field, diagnostics: Diagnostic[]): TracingSettings | undefined {
  field.at('');
  if (!field.present) return undefined;
  const wrong = (name: string, message: string, hint: string): undefined => {
    const origin = { object, path: `spec.tracing.${name}` };
    diagnostics.push(diagnostic('SMI2012', { message: `spec.tracing.${name} ${message}`, origin, hint }));
  };
  const protocol = field.at('protocol').oneOf(['grpc', 'http']) ?? 'grpc';
  const endpoint = field.at('endpoint');
  if (!endpoint.present) endpoint.missing();
  const url = endpoint.text();
  const collector = url === undefined ? undefined : collectorOf(url, ports[protocol]);
  if (url !== undefined && collector === undefined) {
    wrong('endpoint', 'is no address of a collector', 'Write http://HOST:PORT; OTLP goes there in plain text.');
  }
  const sampling = field.at('sampling').number(0, 100) ?? defaultSampling;
  const slow = field.at('keepSlow').text();
  const keepSlowMillis = slow === undefined ? undefined : parseDuration(slow);
  if (slow !== undefined && (keepSlowMillis ?? 0) === 0)
    wrong('keepSlow', 'is no duration', 'Write one such as 1s or 250ms.');
  const asked = field
    .at('propagation')
    .items()
    .flatMap((item) => item.oneOf<Propagation>(forms) ?? []);
  const propagation = nonEmpty([...new Set(asked)]) ?? (['w3c'] as const);
  if (collector === undefined) return undefined;
  return {
    collector,
    protocol,
    sampling,
    keepErrors: field.at('keepErrors').flag() ?? true,
    ...(keepSlowMillis === undefined ? {} : { keepSlowMillis }),
    propagation,
  };
}

function collectorOf(text: string, defaultPort: number): TracingSettings['collector'] | undefined {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') return undefined;
  if (!/^\/?$/.test(url.pathname) || url.username !== '' || url.search !== '') return undefined;
  // `URL` leaves out the port that is usual for http.
  const port = url.port === '' ? (/:80\/?$/.test(text) ? 80 : defaultPort) : Number(url.port);
  return { address: url.hostname.replace(/^\[|\]$/g, ''), port };
}
