import { Command, InvalidArgumentError, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { ExplainOptions } from '../explain/run.ts';

export function explainCommand(): Command {
  return new Command('explain')
    .description('say where a request goes, whether it is let in, and which lines of the manifests decide that')
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .requiredOption('--from <name>', 'the client: a pod, Deployment or ServiceAccount, as NAME or NAMESPACE/NAME')
    .requiredOption('--to <host>', 'the service as the client names it: HOST or HOST:PORT')
    .option('-X, --method <method>', 'HTTP method', 'GET')
    .option('--path <path>', 'request path, query included', '/')
    .option('-H, --header <header>', 'request header as NAME:VALUE; may be repeated', addHeader, {})
    .option('--tcp', 'a plain connection instead of an HTTP request')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 when every backend lets the request in, 1 when not, 2 for wrong use.' +
        '\nExample:\n  smi-cli explain examples/bookstore --from bookbuyer --to bookstore:14001 --path /books-bought',
    )
    .action(async (paths: readonly string[], options: ExplainOptions) => {
      const { runExplain } = await import('../explain/run.ts');
      process.exitCode = await runExplain(paths, options);
    });
}

function addHeader(text: string, headers: ExplainOptions['header']): ExplainOptions['header'] {
  const [, name, value] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write NAME:VALUE.');
  const key = name.toLowerCase();
  return { ...headers, [key]: [...(headers[key] ?? []), value] };
}
