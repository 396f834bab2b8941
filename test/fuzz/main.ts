import { ensureEnvoy } from '../../scripts/envoy.mjs';
import { generateCase } from './documents/case.ts';
import { examine } from './documents/examine.ts';
import { type DocumentsReport, fuzzDocuments } from './documents/run.ts';
import { type FuzzOptions, parseOptions, usage } from './options.ts';
import { Random } from './random.ts';
import { compareRegexes } from './regex/compare.ts';

/** The least share of generated documents that must pass their schema: others are refused before most of the code. */
const leastShare = 0.3;

/** Exit code 0, 1 (something was found), 2 (wrong use). */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options.ok) {
    console.error(`fuzz: ${options.error}\n${usage}`);
    return 2;
  }
  console.log(`seed ${options.value.seed}`);
  if (options.value.what === 'regex') return fuzzRegex(options.value);
  if (options.value.only !== undefined) return examineOne(options.value.seed, options.value.only);
  let shown = Date.now();
  const report = await fuzzDocuments(options.value, (documents) => {
    if (Date.now() - shown < 5_000) return;
    shown = Date.now();
    console.error(`${documents} documents`);
  });
  return showDocuments(report);
}

function showDocuments(report: DocumentsReport): number {
  const { seed, documents, objects, valid, seconds, peakBytes, failures } = report;
  const share = valid / documents;
  console.log(
    `${documents} documents in ${seconds.toFixed(0)} s (${Math.round(documents / seconds)}/s): ` +
      `${percent(objects / documents)} read as objects of SMI, ${percent(share)} pass their schema; ` +
      `at most ${Math.round(peakBytes / 1e6)} MB a worker; ${failures.length} failures`,
  );
  for (const { index, kind, detail } of failures) {
    console.log(
      `\ncase ${index} ${kind}: ${detail}\n  again: npm run fuzz -- documents --seed ${seed} --only ${index}`,
    );
  }
  if (share < leastShare) console.log(`\nfewer than ${percent(leastShare)} pass their schema`);
  return failures.length > 0 || share < leastShare ? 1 : 0;
}

/** Shows a case and takes it through everything in this process; what it throws ends the program. */
function examineOne(seed: number, index: number): number {
  const random = new Random(seed, index);
  const { bytes } = generateCase(random);
  process.stdout.write(bytes);
  const started = performance.now();
  const { objects, valid } = examine(bytes, random);
  console.log(`\n${objects} objects, ${valid} valid, ${Math.round(performance.now() - started)} ms`);
  return 0;
}

const patternsPerRound = 1_000;
const textsPerPattern = 5;

async function fuzzRegex({ seed, count }: Extract<FuzzOptions, { what: 'regex' }>): Promise<number> {
  let texts = 0;
  for (let round = 0; round * patternsPerRound < count; round += 1) {
    const size = { patterns: Math.min(patternsPerRound, count - round * patternsPerRound), texts: textsPerPattern };
    const { disagreements, ...done } = await compareRegexes(ensureEnvoy(), new Random(seed, round), size);
    texts += done.texts;
    if (disagreements.length > 0) {
      console.log(`${disagreements.length} disagreements in round ${round}:\n${disagreements.slice(0, 20).join('\n')}`);
      return 1;
    }
    console.error(`${(round + 1) * patternsPerRound} expressions, ${texts} texts`);
  }
  console.log(`${count} expressions and ${texts} texts: Envoy and our code agree`);
  return 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

process.exitCode = await main();
