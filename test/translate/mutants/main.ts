// `main.ts [--to ADAPTER,...] [--most N] [--seed N] [--minutes N] [--known FILE] [--out FILE]`: how many small faults in what adapters emit with are
// found by the proof, the contract suite, the ledger and golden files, by so many of each adapter, drawn by the seed. Without `--to` the
// adapters with `simulate`; `envoy` and `proxy` are known, too. What is known is written to the file of `--known`, and not tried anew.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { WorkerProcess } from '../../mutants/worker-process.ts';
import { type EmitterMutant, emitterMutants } from './all.ts';
import type { Finder } from './finders.ts';
import { renderReport, type Tried, type Verdict } from './report.ts';
import { targetNames } from './targets.ts';

const { values } = parseArgs({
  options: {
    to: { type: 'string', default: 'gateway-api,istio' },
    most: { type: 'string', default: '150' },
    seed: { type: 'string', default: '20261128' },
    minutes: { type: 'string', default: 'Infinity' },
    known: { type: 'string' },
    out: { type: 'string' },
  },
});

/** A fault may make an emitter go on for ever. */
const mostMillis = 60_000;

const names = values.to.split(',');
const unknown = names.find((name) => !targetNames.includes(name));
if (unknown !== undefined) throw new Error(`no adapter ${unknown}: ${targetNames.join(', ')} are known`);
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const before = knownVerdicts();
const tried: Tried[] = [];
for (const adapter of names) tried.push(await judge(adapter));
const text = renderReport(tried);
if (values.out === undefined) console.log(text);
else writeFileSync(values.out, text);

async function judge(adapter: string): Promise<Tried> {
  const worker = new WorkerProcess(adapter, 'test/translate/mutants');
  const verdicts: Verdict[] = [];
  const all = emitterMutants(adapter);
  let reached = new Set<number>();
  try {
    const right = await worker.ask({ names: [] }, mostMillis, 'processor');
    if (typeof right === 'string' || (right.failed ?? []).length > 0)
      throw new Error(`${adapter} fails without a fault: ${JSON.stringify(right)}`);
    reached = new Set(right.reached);
    for (const mutant of drawn(all.filter(({ id }) => reached.has(id)))) {
      const known = before.get(keyOf(mutant));
      if (known !== undefined) {
        verdicts.push({ mutant, ...(known === null ? {} : { by: known }) });
        continue;
      }
      if (performance.now() > endsAt) continue;
      const answer = await worker.ask({ fault: mutant.id, names: [] }, mostMillis, 'processor');
      const by = typeof answer === 'string' ? 'error' : (answer.failed?.[0] as Finder | undefined);
      verdicts.push({ mutant, ...(by === undefined ? {} : { by }) });
      if (values.known !== undefined) appendFileSync(values.known, `${JSON.stringify([keyOf(mutant), by ?? null])}\n`);
      const what = typeof answer === 'string' ? answer : (answer.reason ?? '');
      console.log(`${adapter} ${mutant.file}:${mutant.line} ${mutant.operator}: ${by ?? 'nobody'} ${what}`);
    }
  } finally {
    worker.stop();
  }
  return { adapter, verdicts, reached: reached.size, all: all.length };
}

/** Which are drawn depends on each of them alone, so that another line in a source changes no draw. */
function drawn(mutants: readonly EmitterMutant[]): readonly EmitterMutant[] {
  const order = (mutant: EmitterMutant) =>
    createHash('sha256')
      .update(`${values.seed} ${keyOf(mutant)}`)
      .digest('hex');
  const keyed = mutants.map((mutant) => ({ mutant, key: order(mutant) }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  return keyed.slice(0, Number(values.most)).map(({ mutant }) => mutant);
}

/** Without the line. */
function keyOf({ file, within, about, operator, before: original, after }: EmitterMutant): string {
  return [file, within, about, operator, original, after].join('\n');
}

/** Nobody is null. */
function knownVerdicts(): ReadonlyMap<string, Finder | null> {
  if (values.known === undefined || !existsSync(values.known)) return new Map();
  const lines = readFileSync(values.known, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as [string, Finder | null]));
}
