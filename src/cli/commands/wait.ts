import { Command, Option } from 'commander';
import { withControlPlane } from '../control-plane/options.ts';
import { duration } from '../option-values.ts';
import type { WaitOptions } from '../wait/run.ts';

export function waitCommand(): Command {
  const command = new Command('wait')
    .description('wait until every proxy has what was saved until now, and say where the time went')
    .argument(
      '[object...]',
      'only the latest changes of these: KIND/NAMESPACE/NAME, or KIND/NAME in the namespace default',
    )
    .addOption(
      new Option('--timeout <time>', 'give up after this time, such as 30s or 1m30s')
        .argParser(duration(1, '30s or 1m30s'))
        .default(60_000, '1m'),
    );
  return withControlPlane(command)
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nFiles, or the objects of a cluster, are looked at when this starts: what was saved just before is waited for, in a' +
        '\ncluster at every replica. Proxies that are not connected are not; they get it when they come.' +
        '\nExit status: 0 when it has landed everywhere, 1 when a proxy or the validation refuses something (printed' +
        '\nwith its line), 2 for wrong use, 3 when the time is over or the control plane does not answer.' +
        '\nExample:\n  smi-cli wait TrafficSplit/default/bookstore --folder examples/bookstore --timeout 10s',
    )
    .action(async (objects: readonly string[], options: WaitOptions) => {
      const { runWait } = await import('../wait/run.ts');
      process.exitCode = await runWait(objects, options);
    });
}
