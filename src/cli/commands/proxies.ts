import { Command, Option } from 'commander';
import { withControlPlane } from '../control-plane/options.ts';
import type { ProxiesOptions } from '../proxies/run.ts';

export function proxiesCommand(): Command {
  const command = new Command('proxies')
    .description('list the proxies of a running mesh: which configuration each has, and what it refuses')
    .argument('[proxy]', 'only this one, with its resources: NAMESPACE/POD, or POD in the namespace default')
    .option('--diff', 'what the proxy has against what it should have');
  return withControlPlane(command)
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'wide', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 when every proxy (or the one that is named) has what it should have, 1 when one refuses' +
        '\nsomething or lacks something now, 2 for wrong use, 3 when the control plane does not answer or has no such proxy.' +
        '\nExample:\n  smi-cli proxies bookbuyer-0 --diff --folder examples/bookstore',
    )
    .action(async (proxy: string | undefined, options: ProxiesOptions) => {
      const { runProxies } = await import('../proxies/run.ts');
      process.exitCode = await runProxies(proxy, options);
    });
}
