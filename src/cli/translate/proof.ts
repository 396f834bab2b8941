import type { Translator } from '../../adapter/contract.ts';
import { describeObject, type Origin } from '../../diagnostics/origin.ts';
import type { TrafficRequest } from '../../model/decision.ts';
import { SimulatorFailed } from '../../plugins/simulator.ts';
import type { SourceSet } from '../../source/types.ts';
import { accessOrigins, routingOrigins } from '../../translate/proof/compare.ts';
import { type CounterExample, type Proof, prove, questionsAbout } from '../../translate/proof/prove.ts';
import type { Translation } from '../../translate/translate.ts';
import type { CheckedSources } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';

const wanted = { count: 10_000, seed: 20_261_128 };
const longestMillis = 60_000;
const progressMillis = 1_000;

/**
 * Asks the documents about requests, and prints how many agree or the first that does not; returns the exit code. Why it is not
 * 0 is said on standard error too, since standard output may be a file.
 */
export function printProof(translator: Translator, translation: Translation, checked: CheckedSources): number {
  try {
    return proved(translator, translation, checked);
  } catch (error) {
    if (!(error instanceof SimulatorFailed)) throw error;
    return notProven(translator, `not proven: ${error.message}`);
  }
}

function proved(translator: Translator, translation: Translation, checked: CheckedSources): number {
  const { model, sources } = checked;
  const started = performance.now();
  let told = started;
  const proof = prove(model, translator, translation, questionsAbout(model, wanted), (asked) => {
    const now = performance.now();
    if (now - told >= progressMillis) {
      told = now;
      process.stderr.write(`${asked} of ${wanted.count} requests agree so far\n`);
    }
    return now - started < longestMillis;
  });
  if (proof === undefined) {
    return notProven(translator, 'not proven, since the adapter does not read its documents back');
  }
  if (proof.counterExample !== undefined) {
    const lines = counterExampleLines(translator, translation, proof.counterExample, proof.asked, sources);
    return notProven(translator, `not proven: ${proof.counterExample.difference}`, lines);
  }
  const early = performance.now() - started >= longestMillis ? `, stopped after ${longestMillis / 1_000} s` : '';
  print(`${translator.id}: ${proofText(proof)}${early}`);
  return exitCodes.fine;
}

function notProven({ id }: Translator, why: string, lines: readonly string[] = [`${id}: ${why}`]): number {
  process.stderr.write(`${id}: ${why}\n`);
  print(...lines);
  return exitCodes.findings;
}

/** `9998 requests: 9000 agree, 998 narrower as stated`. */
function proofText({ asked, agreed, narrower, otherwise }: Proof): string {
  if (asked === agreed) return `${asked} requests, all agree`;
  const parts = [
    `${agreed} agree`,
    ...(narrower === 0 ? [] : [`${narrower} are narrower, as stated`]),
    ...(otherwise === 0 ? [] : [`${otherwise} differ, as stated`]),
  ];
  return `${asked} requests: ${parts.join(', ')}`;
}

function counterExampleLines(
  { id }: Translator,
  { artifacts }: Translation,
  { request, meant, done, difference }: CounterExample,
  asked: number,
  sources: SourceSet,
): readonly string[] {
  const origins = [...routingOrigins(meant), ...meant.targets.flatMap(accessOrigins)];
  const objects = new Set(origins.map(({ object }) => object));
  const documents = artifacts.filter((artifact) => artifact.origins.some(({ object }) => objects.has(object)));
  return [
    `${id}: the documents do not mean what the mesh means, by request ${asked}`,
    `  request: ${requestText(request)}`,
    `  ${difference}`,
    ...(meant.because === undefined ? [] : [`  the mesh: ${meant.because.text}`]),
    ...[...new Set(origins.map((origin) => placeText(origin, sources)))].map((place) => `  the mesh, by ${place}`),
    `  the documents: ${JSON.stringify(done)}`,
    ...documents.slice(0, 10).map(({ name }) => `  in ${name}`),
  ];
}

function requestText(request: TrafficRequest): string {
  const parties = `from ${request.from} to ${request.to.host}:${request.to.port}`;
  if (request.kind !== 'http') return `${request.kind.toUpperCase()} ${parties}`;
  const headers = Object.keys(request.headers).length === 0 ? '' : ` with ${JSON.stringify(request.headers)}`;
  return `${request.method} ${request.path} ${parties}${headers}`;
}

function placeText(origin: Origin, { locate }: SourceSet): string {
  const what = `${describeObject(origin.object)}${origin.path === '' ? '' : `, ${origin.path}`}`;
  const place = locate(origin);
  return place === undefined ? what : `${place.file}:${place.line}:${place.column} (${what})`;
}
