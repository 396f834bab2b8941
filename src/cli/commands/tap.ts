import { Command, Option } from 'commander';
import type { ControlPlaneOptions } from '../control-plane/answer.ts';
import { withControlPlane } from '../control-plane/options.ts';
import { duration, integer } from '../option-values.ts';

interface Options extends ControlPlaneOptions {
  readonly output: 'text' | 'json' | 'har';
  readonly max?: number;
  readonly for?: number;
  readonly minLatency?: number;
  readonly maxLatency?: number;
  readonly headers?: true;
  readonly share?: string;
  readonly maxPerSecond?: string;
  readonly direction?: string;
  readonly source?: readonly string[];
  readonly destination?: readonly string[];
  readonly method?: readonly string[];
  readonly path?: readonly string[];
  readonly status?: readonly string[];
  readonly verdict?: readonly string[];
  readonly header?: readonly string[];
  readonly redact?: readonly string[];
}

export function tapCommand(): Command {
  const command = new Command('tap')
    .description('show requests as they end, live: who called whom, by which rule, with which answer')
    .argument(
      '[resource]',
      'only what the proxies of this carry: deploy/NAME, svc/NAMESPACE/NAME, NAME (default: all)',
    );
  return withControlPlane(filters(command))
    .addOption(
      new Option('-o, --output <format>', 'one line a request, JSON lines, or a HAR 1.2 file when it ends')
        .choices(['text', 'json', 'har'])
        .default('text'),
    )
    .option('--max <count>', 'end after so many requests', integer(1, 1_000_000))
    .option('--for <time>', 'end after this time, such as 30s', duration(1, '30s or 5m'))
    .addHelpText('after', notes)
    .action(async (resource: string | undefined, options: Options) => {
      const { runTap } = await import('../tap/run.ts');
      const { max, for: forMillis, ...rest } = options;
      process.exitCode = await runTap(resource, {
        ...rest,
        parameters: parametersOf(options),
        ...(max === undefined ? {} : { max }),
        ...(forMillis === undefined ? {} : { forMillis }),
      });
    });
}

function filters(command: Command): Command {
  const time = duration(1, '250ms or 2s');
  return command
    .option('--source <name...>', 'only from these: NAME, NAMESPACE/NAME, an identity or address; * for anything')
    .option('--destination <name...>', 'only to these')
    .option('--method <method...>', 'only these methods')
    .option('--path <path...>', 'only these paths; * for anything')
    .option('--status <status...>', 'only these: 200, 5xx, 400-499, none')
    .option('--verdict <verdict...>', 'only these: allowed, denied, audited, forwarded, rejected, failed, limited')
    .option('--min-latency <time>', 'only what took at least so long, such as 250ms', time)
    .option('--max-latency <time>', 'only what took at most so long', time)
    .option('--header <header...>', 'only with such a header of request or answer: NAME or NAME=VALUE')
    .addOption(new Option('--direction <direction>', 'only one side').choices(['inbound', 'outbound']))
    .option('--headers', 'with headers (json and har)')
    .option('--redact <header...>', 'hide the values of these headers, besides those that are always hidden')
    .option('--share <percent>', 'only so many of them, by chance')
    .option('--max-per-second <count>', 'at most so many from each proxy (default: 100)');
}

const notes = `
Filters are evaluated in the proxies. Several values of one are alternatives; different ones must all hold. Bodies and queries are never
shown, nor the values of authorization, proxy-authorization, cookie, set-cookie and x-forwarded-client-cert.
Exit status: 0 when it was told to end, 2 for wrong use, 3 when the control plane or no proxy could be reached.
Examples:
  smi-cli tap deploy/bookstore-v1 --status 5xx --min-latency 250ms --folder examples/bookstore
  smi-cli tap --verdict denied --context
  smi-cli tap svc/bookstore --for 30s -o har > bookstore.har`;

/** The parameters of `/tap`. */
function parametersOf(options: Options): URLSearchParams {
  const { minLatency, maxLatency, headers, output, share, maxPerSecond, direction } = options;
  const parameters = new URLSearchParams();
  for (const name of ['source', 'destination', 'method', 'path', 'status', 'verdict', 'header', 'redact'] as const) {
    for (const value of options[name] ?? []) parameters.append(name, value);
  }
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parameters.set(name, String(value));
  };
  add('direction', direction);
  add('min-millis', minLatency);
  add('max-millis', maxLatency);
  add('share', share);
  add('max-per-second', maxPerSecond);
  if (headers === true || output === 'har') parameters.set('headers', 'true');
  return parameters;
}
