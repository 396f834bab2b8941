import { type Command, InvalidArgumentError, Option } from 'commander';
import { meshConfigKey } from '../config/decode.ts';
import { decodeTracing } from '../config/tracing.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { fieldOf } from '../kubernetes/field.ts';
import type { MeshSettings } from '../model/types.ts';

/** What MeshConfig's `tracing`, `accessLog` and `metrics` say, where there is no MeshConfig that says so. */
export interface TelemetryOptions {
  readonly tracing?: string;
  readonly tracingProtocol: 'grpc' | 'http';
  readonly tracingSampling: number;
  readonly accessLog: 'refused' | 'all';
  readonly metrics: 'all' | 'none';
}

export function withTelemetry(command: Command): Command {
  return command
    .option('--tracing <url>', 'report requests as spans to a collector that takes OTLP: http://HOST:PORT', endpoint)
    .addOption(
      new Option('--tracing-protocol <protocol>', 'how it takes OTLP').choices(['grpc', 'http']).default('grpc'),
    )
    .option('--tracing-sampling <percent>', 'of the traces that begin in the mesh', percentage, 100)
    .addOption(
      new Option('--access-log <requests>', 'of which requests sidecars write a line')
        .choices(['refused', 'all'])
        .default('refused'),
    )
    .addOption(
      new Option('--metrics <traffic>', 'of which traffic sidecars keep count').choices(['all', 'none']).default('all'),
    );
}

/** The same options for another process. */
export function telemetryArguments(options: TelemetryOptions): readonly string[] {
  const { tracing, tracingProtocol, tracingSampling, accessLog, metrics } = options;
  return [
    ...(tracing === undefined
      ? []
      : ['--tracing', tracing, '--tracing-protocol', tracingProtocol, '--tracing-sampling', String(tracingSampling)]),
    ...(accessLog === 'all' ? ['--access-log', 'all'] : []),
    ...(metrics === 'none' ? ['--metrics', 'none'] : []),
  ];
}

export function telemetrySettings(options: TelemetryOptions): Pick<MeshSettings, 'tracing' | 'accessLog' | 'metrics'> {
  const { tracing: url, tracingProtocol: protocol, tracingSampling: sampling, accessLog, metrics } = options;
  const tracing = url === undefined ? undefined : read({ endpoint: url, protocol, sampling });
  return {
    ...(tracing === undefined ? {} : { tracing }),
    ...(accessLog === 'all' ? { accessLog } : {}),
    ...(metrics === 'none' ? { metrics } : {}),
  };
}

function read(spec: Readonly<Record<string, unknown>>): MeshSettings['tracing'] {
  const diagnostics: Diagnostic[] = [];
  return decodeTracing(meshConfigKey, fieldOf(meshConfigKey, spec, diagnostics), diagnostics);
}

function endpoint(text: string): string {
  if (read({ endpoint: text }) === undefined) throw new InvalidArgumentError('Write http://HOST:PORT.');
  return text;
}

function percentage(text: string): number {
  const value = Number(text);
  if (!(text.trim() !== '' && value >= 0 && value <= 100)) throw new InvalidArgumentError('Write a percentage.');
  return value;
}
