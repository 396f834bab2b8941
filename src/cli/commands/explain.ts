import { Command, InvalidArgumentError, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { ExplainOptions } from '../explain/run.ts';

export function explainCommand(): Command {
  return new Command('explain')
    .description('say where a request goes, whether it is let in, and which lines of the manifests decide that')
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .requiredOption(
      '--from <name>',
      'the client: a pod, Deployment, ServiceAccount, Service, SPIFFE id, address or host; [KIND/][NAMESPACE/]NAME',
    )
    .requiredOption(
      '--to <host>',
      'HOST[:PORT] as the client names a Service, a virtual address, or pods that it calls directly',
    )
    .option('-X, --method <method>', 'HTTP method', 'GET')
    .option('--path <path>', 'request path, query included', '/')
    .option('-H, --header <header>', 'request header as NAME:VALUE; may be repeated', addHeader, {})
    .option('--tcp', 'a plain connection instead of an HTTP request')
    .option('--udp', 'a datagram; pods take it at the container port')
    .option('--live <url>', 'compare with a running proxy: its admin address; may be repeated', addUrl)
    .option('--state <dir>', 'compare with the proxies of a local mesh: the state directory of `up`')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 when every backend lets the request in (and proxies have what the manifests mean), 1 when' +
        '\nnot, 2 for wrong use, 3 when a proxy or the cluster does not answer.' +
        '\nExample:\n  smi-cli explain examples/bookstore --from bookbuyer --to bookstore:14001 --path /books-bought',
    )
    .action(async (paths: readonly string[], options: ExplainOptions) => {
      const { runExplain } = await import('../explain/run.ts');
      process.exitCode = await runExplain(paths, options);
    });
}

function addUrl(text: string, urls: readonly string[] = []): readonly string[] {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) throw new InvalidArgumentError('Write http://ADDRESS:PORT.');
  return [...urls, text];
}

function addHeader(text: string, headers: ExplainOptions['header']): ExplainOptions['header'] {
  const [, name, value] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write NAME:VALUE.');
  const key = name.toLowerCase();
  return { ...headers, [key]: [...(headers[key] ?? []), value] };
}
