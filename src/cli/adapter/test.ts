import type { Translator } from '../../adapter/contract.ts';
import { printable } from '../../lib/printable.ts';
import { compile, read } from '../../library/manifests.ts';
import { contractCases } from '../../testkit/cases.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportDiagnostics, reportFindings } from '../findings.ts';
import { type OutputStream, print, printJson, styleFor } from '../output.ts';
import { translators } from '../translators.ts';
import { wrongUse } from '../wrong-use.ts';
import { findAdapter } from './find.ts';
import { contractText, isTrafficJudged, junitOf, type RunCase } from './report.ts';

export interface AdapterTestOptions {
  readonly manifests: readonly string[];
  readonly option: Readonly<Record<string, unknown>>;
  readonly goldens?: string;
  readonly update?: boolean;
  readonly output: 'text' | 'json' | 'junit';
}

/** The data planes of this program keep the same contract, though nobody translates to them. */
const dataPlanes: Readonly<Record<string, () => Promise<Translator>>> = {
  envoy: async () => (await import('../../../adapters/envoy/index.ts')).envoyAdapter as Translator,
  grpc: async () => (await import('../../../adapters/grpc/index.ts')).grpcAdapter as Translator,
  proxy: async () => (await import('../../../adapters/proxy/index.ts')).proxyAdapter as Translator,
};

/** Holds an adapter against the contract; returns the exit code. */
export async function testAdapter(name: string, options: AdapterTestOptions): Promise<number> {
  const { manifests, option, goldens, update = false, output } = options;
  if (update && goldens === undefined) return wrongUse('--update belongs to --goldens');
  const startedAt = new Date();
  const found = await findAdapter(name, { ...translators, ...dataPlanes });
  if (!found.ok) {
    reportDiagnostics(found.error, read([]));
    return exitCodes.unreachable;
  }
  const meshes = manifests.map((path) => ({ name: path.replaceAll(/[^\w.-]+/g, '-'), ...compile(read([path])) }));
  // What an error leaves out, or a path that is not there, would be tried with less than was meant.
  if (meshes.filter(reportFindings).length > 0) return exitCodes.findings;
  const progress = progressOn(process.stderr);
  progress(`asking ${found.value.id} about each mesh`);
  const cases = contractCases(found.value, {
    options: option,
    ...(meshes.length === 0 ? {} : { models: meshes }),
    ...(goldens === undefined ? {} : { goldens: { folder: goldens, update } }),
  });
  const results = cases.map((one, index): RunCase => {
    const { name: title, skipped } = one;
    progress(`${index + 1} of ${cases.length}: ${title}`);
    return { name: title, ...(skipped === undefined ? { problems: one.run() } : { problems: [], skipped }) };
  });
  progress('');
  const failed = results.some(({ problems }) => problems.length > 0);
  const trafficJudged = isTrafficJudged(results);
  if (output === 'json')
    printJson({ verdict: failed ? 'fail' : 'pass', adapter: found.value.id, trafficJudged, cases: results });
  else if (output === 'junit') process.stdout.write(junitOf(found.value.id, results, startedAt));
  else print(...contractText(found.value.id, results, styleFor(process.stdout)));
  return failed ? exitCodes.findings : exitCodes.fine;
}

/** Shows what is being done on a line of a terminal, in place of what was done before: a program may take seconds for an answer. */
export function progressOn(stream: OutputStream): (text: string) => void {
  return (text) => {
    if (stream.isTTY === true) stream.write(`\r\x1b[K${printable(text)}`);
  };
}
