import { defaultCompileOptions } from '../../compile/index.ts';
import { explain } from '../../explain/explain.ts';
import type { Explanation, Question } from '../../explain/explanation.ts';
import { withPlaces } from '../../explain/json.ts';
import { explanationText } from '../../explain/text.ts';
import type { MeshModel } from '../../model/types.ts';
import { checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { type LiveOptions, readProxies } from './live/proxies.ts';
import { type LiveReport, liveReport, liveText } from './live/report.ts';

export interface ExplainOptions extends ClusterChoice, LiveOptions {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case, values in the order given. */
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly tcp?: true;
  readonly udp?: true;
  readonly output: 'text' | 'json';
}

/** Prints where a request goes and why; returns the exit code, which is 0 only when every backend lets it in. */
export async function runExplain(paths: readonly string[], options: ExplainOptions): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions, options);
  const { model, sources } = checked;
  reportFindings(checked);
  const explained = explain(model, questionOf(options));
  if (!explained.ok) return wrongUse(explained.error);
  const live = await askLive(model, explained.value, options);
  const { locate } = sources;
  if (options.output === 'json') printJson(withPlaces({ ...explained.value, ...(live && { live }) }, locate));
  else {
    const style = styleFor(process.stdout);
    print(...explanationText(explained.value, { locate, style }));
    if (live !== undefined) print(...liveText(live, explained.value.verdict, style));
  }
  return explained.value.verdict === 'allowed' && live?.same !== false ? exitCodes.fine : exitCodes.findings;
}

/** What running proxies have, when some are named. */
async function askLive(
  model: MeshModel,
  explanation: Explanation,
  options: ExplainOptions,
): Promise<LiveReport | undefined> {
  if (options.live === undefined && options.state === undefined) return undefined;
  return liveReport(model, questionOf(options), explanation, await readProxies(options));
}

function questionOf({ from, to, method, path, header, tcp, udp }: ExplainOptions): Question {
  return { from, to, method, path, headers: header, ...(tcp && { tcp }), ...(udp && { udp }) };
}
