import { Command, InvalidArgumentError, Option } from 'commander';
import { interceptionOptions, readPorts, readRanges, readUids } from '../../interception/interception.ts';
import { type DataPlaneKind, dataPlaneKinds } from '../../kubernetes/names.ts';
import type { IpRange } from '../../lib/ip-range.ts';
import type { Result } from '../../lib/result.ts';
import { exitCodes } from '../exit-codes.ts';

interface InterceptOptions {
  readonly dataPlane: DataPlaneKind;
  readonly excludeInboundPorts: readonly number[];
  readonly excludeOutboundPorts: readonly number[];
  readonly excludeOutboundRanges: readonly IpRange[];
  readonly includeOutboundRanges: readonly IpRange[];
  readonly excludeUids: readonly number[];
  readonly check?: true;
  readonly cleanup?: true;
}

export function interceptCommand(): Command {
  return new Command('intercept')
    .description('redirect the connections of a pod to its sidecar; run by the init container of a pod')
    .addOption(
      new Option('--data-plane <kind>', 'the sidecar that the pod has').choices(dataPlaneKinds).default('proxy'),
    )
    .addOption(listOption('excludeInboundPorts', 'ports', 'at these callers reach the program itself', readPorts))
    .addOption(listOption('excludeOutboundPorts', 'ports', 'to these the program connects by itself', readPorts))
    .addOption(listOption('excludeOutboundRanges', 'ranges', 'to these the program connects by itself', readRanges))
    .addOption(listOption('includeOutboundRanges', 'ranges', 'connections to others are not redirected', readRanges))
    .addOption(listOption('excludeUids', 'uids', 'connections of these users are not redirected', readUids))
    .option('--check', 'only try whether connections are redirected; needs no privilege')
    .option('--cleanup', 'remove the rules')
    .addHelpText(
      'after',
      '\nIt changes the network that it is run in, with iptables, for IPv4 and IPv6, in one step each; a second run changes nothing.' +
        '\nExit status: 0 done, 2 wrong use, 3 the rules cannot be set, or connections are not redirected.',
    )
    .action(async (options: InterceptOptions) => {
      process.exitCode = await run(options);
    });
}

function listOption<T>(
  field: keyof typeof interceptionOptions,
  what: string,
  description: string,
  read: (text: string) => Result<readonly T[], string>,
): Option {
  return new Option(`${interceptionOptions[field]} <${what}>`, `${description}; separated by commas`)
    .default([], 'none')
    .argParser((text) => {
      const list = read(text);
      if (!list.ok) throw new InvalidArgumentError(`It ${list.error}.`);
      return list.value;
    });
}

async function run({ dataPlane, check, cleanup, ...interception }: InterceptOptions): Promise<number> {
  const { applyInterception, removeInterception } = await import('../../interception/apply.ts');
  const { checkInterception } = await import('../../interception/check.ts');
  const onProgress = (line: string): void => void process.stdout.write(`smi-cli intercept: ${line}\n`);
  const done = check
    ? await checkInterception()
    : cleanup
      ? await removeInterception(onProgress)
      : await applyInterception({ interception, envoy: dataPlane === 'envoy', onProgress });
  if (done.ok) {
    if (check) onProgress('connections are redirected to the sidecar');
    return exitCodes.fine;
  }
  process.stderr.write(`smi-cli intercept: ${done.error.message}\n  hint: ${done.error.hint}\n`);
  return exitCodes.unreachable;
}
