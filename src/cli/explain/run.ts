import { defaultCompileOptions } from '../../compile/index.ts';
import { explain } from '../../explain/explain.ts';
import type { Question } from '../../explain/explanation.ts';
import { withPlaces } from '../../explain/json.ts';
import { explanationText } from '../../explain/text.ts';
import { checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface ExplainOptions extends ClusterChoice {
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
export async function runExplain(paths: readonly string[], options: ExplainOptions): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions, options);
  const { model, sources } = checked;
  reportFindings(checked);
  const explained = explain(model, questionOf(options));
  if (!explained.ok) return wrongUse(explained.error);
  const { locate } = sources;
  if (options.output === 'json') printJson(withPlaces(explained.value, locate));
  else print(...explanationText(explained.value, { locate, style: styleFor(process.stdout) }));
  return explained.value.verdict === 'allowed' ? exitCodes.fine : exitCodes.findings;
}

function questionOf({ from, to, method, path, header, tcp }: ExplainOptions): Question {
  return { from, to, method, path, headers: header, ...(tcp === undefined ? {} : { tcp }) };
}
