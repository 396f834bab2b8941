import { defaultCompileOptions } from '../../compile/index.ts';
import { decide } from '../../model/decide.ts';
import type { HttpRequest, TrafficRequest } from '../../model/decision.ts';
import { checkSources } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { explainJson } from './json.ts';
import { findDestination, findWorkload } from './parties.ts';
import { explainText } from './text.ts';
import { verdictOf } from './verdict.ts';

export interface ExplainOptions {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case, values in the order given. */
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly tcp?: true;
  readonly output: 'text' | 'json';
}

/** Prints where a request goes and why; returns the exit code, which is 0 only when every backend lets it in. */
export async function explain(paths: readonly string[], options: ExplainOptions): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions);
  const { model, sources } = checked;
  reportFindings(checked);
  const client = findWorkload(model, options.from);
  if (!client.ok) return wrongUse(client.error);
  const found = findDestination(model, client.value, options.to);
  if (!found.ok) return wrongUse(found.error);
  const { protocol, ...to } = found.value;
  const common = { from: client.value.id, to };
  const request: TrafficRequest =
    options.tcp === true || protocol === 'tcp'
      ? { kind: 'tcp', ...common }
      : { kind: 'http', ...common, method: options.method, path: options.path, headers: single(options.header) };
  const decision = decide(model, request);
  if (options.output === 'json') printJson(explainJson(request, decision, sources.locate));
  else {
    const style = styleFor(process.stdout);
    print(...explainText({ client: client.value, request, decision, locate: sources.locate, style }));
  }
  return verdictOf(decision) === 'allowed' ? exitCodes.fine : exitCodes.findings;
}

/** A header that is given once is one value, not a list of one. */
function single(headers: ExplainOptions['header']): HttpRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}
