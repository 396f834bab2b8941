import { dump } from 'js-yaml';
import type { Translator } from '../../src/adapter/contract.ts';
import { translators } from '../../src/cli/translators.ts';
import { defaultCompileOptions } from '../../src/compile/index.ts';
import { checkSourceSet } from '../../src/library/check.ts';
import { locateWritten } from '../../src/smi/written.ts';
import { readSourceText } from '../../src/source/read.ts';
import { translate } from '../../src/translate/translate.ts';
import {
  accountDocument,
  groupDocument,
  podDocument,
  serviceDocument,
  splitDocument,
  targetDocument,
} from '../compile/mesh.ts';
import { BenchFailure } from '../failure.ts';
import { median } from '../median.ts';
import type { TranslateBenchOptions } from './options.ts';

/** Milliseconds of the median round. */
interface TranslateFigures {
  readonly adapter: string;
  readonly documents: number;
  /** From the text of the manifests to the mesh model. */
  readonly read: number;
  readonly translate: number;
  /** To the text of the documents. */
  readonly write: number;
  readonly whole: number;
  /** User and system time of all of it. */
  readonly processor: number;
}

export interface TranslateReport {
  readonly name: 'translate';
  readonly services: number;
  readonly figures: readonly TranslateFigures[];
}

/** What it takes from manifests to the documents of each target. */
export function runTranslate(
  { services, rounds }: TranslateBenchOptions,
  progress: (line: string) => void,
): Promise<TranslateReport> {
  return Promise.all(Object.values(translators).map((load) => load())).then((loaded) => {
    const text = manifests(services);
    const figures = loaded.map((translator) => {
      const measured = Array.from({ length: rounds }, () => measure(translator, text));
      const middle = (of: (one: TranslateFigures) => number) => median(measured.map(of));
      const [first] = measured;
      const result = {
        ...{ adapter: translator.id, documents: first?.documents ?? 0 },
        read: middle(({ read }) => read),
        translate: middle((one) => one.translate),
        write: middle(({ write }) => write),
        whole: middle(({ whole }) => whole),
        processor: middle(({ processor }) => processor),
      };
      progress(`${translator.id}: ${result.documents} documents in ${result.whole.toFixed(0)} ms`);
      return result;
    });
    return { name: 'translate', services, figures };
  });
}

function measure(translator: Translator, text: string): TranslateFigures {
  const before = process.cpuUsage();
  const started = performance.now();
  const { model, findings } = checkSourceSet(locateWritten(readSourceText('mesh.yaml', text)), defaultCompileOptions);
  const read = performance.now();
  const options = [{}, { access: 'elsewhere' }].map((each) => translator.parseOptions(each));
  const translations = options.map((parsed) => (parsed.ok ? translate(translator, model, parsed.value) : undefined));
  const translation = translations.find((each) => each !== undefined && each.refusals.length === 0);
  const translated = performance.now();
  if (translation === undefined)
    throw new BenchFailure(`${translator.id} refuses the mesh: ${findings.length} findings`);
  const size = translation.artifacts.reduce((sum, { body }) => sum + dump(body, { noRefs: true }).length, 0);
  const written = performance.now();
  const { user, system } = process.cpuUsage(before);
  if (size === 0) throw new BenchFailure(`${translator.id} writes nothing`);
  return {
    ...{ adapter: translator.id, documents: translation.artifacts.length },
    ...{ read: read - started, translate: translated - read, write: written - translated, whole: written - started },
    processor: (user + system) / 1_000,
  };
}

/** So many Services with two pods, a split and a target each, in one text. */
function manifests(services: number): string {
  const documents = Array.from({ length: services }, (_, index) => [
    accountDocument(index),
    serviceDocument(index),
    podDocument(index, 0, true),
    podDocument(index, 1, true),
    splitDocument(index, 90, services),
    groupDocument(index),
    targetDocument(index, services),
  ]);
  return documents
    .flat()
    .map(({ object }) => dump(object, { noRefs: true }))
    .join('---\n');
}
