import { Command, Option } from 'commander';
import { withControlPlane } from '../control-plane/options.ts';
import type { EdgesOptions } from '../traffic/edges.ts';
import { kindsText, type TopOptions, withTraffic } from '../traffic/options.ts';
import type { TopologyOptions } from '../traffic/topology.ts';

const exits =
  '\nExit status: 0, 2 for wrong use, 3 when the control plane does not answer or does not know what a document names.';
const kinds = `\nKinds: ${kindsText}; singular and short names as for kubectl.`;

export function topCommand(): Command {
  const command = new Command('top')
    .description('show success, rate and latency of what objects receive or send, live on a terminal')
    .argument('[kind]', 'of the objects', 'deployments')
    .argument('[name]', 'only this one: NAME or NAMESPACE/NAME')
    .option('-f, --file <file>', 'answer the TrafficMetrics documents of a file instead')
    .addOption(
      new Option('--direction <direction>', 'what they receive (from) or send (to)')
        .choices(['from', 'to'])
        .default('from'),
    )
    .option('--once', 'on a terminal too: print once, and end');
  return withTraffic(withControlPlane(command, '--folder <folder>'))
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'wide', 'json']).default('table'))
    .addHelpText('after', `${kinds}${exits}\nExample:\n  smi-cli top pods --folder examples/bookstore --window 1m`)
    .action(async (kind: string, name: string | undefined, options: TopOptions) => {
      const { runTop } = await import('../traffic/top.ts');
      process.exitCode = await runTop(kind, name, options);
    });
}

export function edgesCommand(): Command {
  const command = new Command('edges')
    .description('list who calls whom, with success, rate and latency, as both sides measure')
    .argument('[kind]', 'of the objects', 'deployments')
    .argument('[name]', 'only what it sends or receives: NAME or NAMESPACE/NAME');
  return withTraffic(withControlPlane(command))
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'wide', 'json']).default('table'))
    .addHelpText(
      'after',
      `${kinds}${exits}\nExample:\n  smi-cli edges deployments bookbuyer --folder examples/bookstore`,
    )
    .action(async (kind: string, name: string | undefined, options: EdgesOptions) => {
      const { runEdges } = await import('../traffic/edges.ts');
      process.exitCode = await runEdges(kind, name, options);
    });
}

export function topologyCommand(): Command {
  const command = new Command('topology')
    .description('draw who calls whom, with success, rate and latency on the edges')
    .argument('[kind]', 'of the objects', 'deployments');
  return withTraffic(withControlPlane(command))
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'dot', 'svg', 'json']).default('text'))
    .addHelpText(
      'after',
      `${kinds}${exits}\nExample:\n  smi-cli topology --folder examples/bookstore -o svg > mesh.svg`,
    )
    .action(async (kind: string, options: TopologyOptions) => {
      const { runTopology } = await import('../traffic/topology.ts');
      process.exitCode = await runTopology(kind, options);
    });
}
