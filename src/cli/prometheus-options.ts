import { type Command, InvalidArgumentError } from 'commander';
import { isHttpUrl } from '../lib/http-url.ts';
import type { PrometheusOptions } from '../metrics/prometheus/client.ts';

/** A Prometheus that measures the mesh. */
export interface PrometheusCommandOptions {
  readonly prometheus?: string;
  readonly prometheusToken?: string;
  readonly prometheusCa?: string;
}

export function withPrometheus(command: Command, use: string): Command {
  return command
    .option('--prometheus <url>', use, httpUrl)
    .option('--prometheus-token <file>', 'file with the bearer token that it wants')
    .option('--prometheus-ca <file>', 'authorities for its certificate, PEM');
}

export function prometheusOf(options: PrometheusCommandOptions): PrometheusOptions | undefined {
  const { prometheus: url, prometheusToken: tokenFile, prometheusCa: caFile } = options;
  if (url === undefined) return undefined;
  return { url, ...(tokenFile === undefined ? {} : { tokenFile }), ...(caFile === undefined ? {} : { caFile }) };
}

/** The same options for another process. */
export function prometheusArguments(options: PrometheusCommandOptions): readonly string[] {
  const { prometheus, prometheusToken, prometheusCa } = options;
  const given = { '--prometheus': prometheus, '--prometheus-token': prometheusToken, '--prometheus-ca': prometheusCa };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

function httpUrl(text: string): string {
  if (!isHttpUrl(text)) throw new InvalidArgumentError('Write http://HOST:PORT or https://HOST/PATH.');
  return text;
}
