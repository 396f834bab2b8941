import { assemble } from '../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { explain } from '../../src/explain/explain.ts';
import { explanationText } from '../../src/explain/text.ts';
import { plainStyle } from '../../src/lib/text-style.ts';
import { locateWritten } from '../../src/smi/written.ts';
import { readSources } from '../../src/source/read.ts';
import { BenchFailure } from '../failure.ts';
import { median } from '../median.ts';
import type { WrittenManifests } from './manifests.ts';

export interface StageMillis {
  readonly read: number;
  readonly decode: number;
  readonly compile: number;
  /** One question, with the lines of the manifests that answer it: the first time, and later. */
  readonly explainFirst: number;
  readonly explain: number;
}

const questions = 25;

/** Takes the manifests through the stages in this process, each once, as a long-running program does at its start. */
export function measureStages(folder: string, { question }: WrittenManifests): StageMillis {
  const { value: sources, millis: read } = timed(() => locateWritten(readSources([folder])));
  const { value: assembly, millis: decode } = timed(() => assemble(sources.documents));
  const { value: compilation, millis: compile } = timed(() =>
    createCompiler().compile(assembly.input, defaultCompileOptions),
  );
  const asked = { ...question, method: 'GET', headers: {} };
  const times = Array.from({ length: questions }, () => {
    const { value, millis } = timed(() => {
      const explained = explain(compilation.model, asked);
      if (explained.ok) explanationText(explained.value, { locate: sources.locate, style: plainStyle });
      return explained;
    });
    if (!value.ok) throw new BenchFailure(value.error);
    if (value.value.verdict !== 'allowed') throw new BenchFailure(`the question is ${value.value.verdict}`);
    return millis;
  });
  return { read, decode, compile, explainFirst: times[0] ?? Number.NaN, explain: median(times.slice(1)) };
}

function timed<T>(work: () => T): { readonly value: T; readonly millis: number } {
  const started = performance.now();
  const value = work();
  return { value, millis: performance.now() - started };
}
