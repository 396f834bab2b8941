import type { Translator } from '../../adapter/contract.ts';
import { defaultCompileOptions } from '../../compile/index.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../explain/parties.ts';
import { read } from '../../library/manifests.ts';
import { isForeign, isThere } from '../../plugins/load.ts';
import { lossDiagnostic, type Translation, translate } from '../../translate/translate.ts';
import { findAdapter } from '../adapter/find.ts';
import { type CheckedSources, checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportDiagnostics, reportFindings } from '../findings.ts';
import { translators } from '../translators.ts';
import { wrongUse } from '../wrong-use.ts';
import { printDocuments, writeDocuments } from './documents.ts';
import { printProof } from './proof.ts';
import { printReport, type ReportFormat } from './report.ts';

export interface TranslateOptions extends ClusterChoice {
  readonly to: string;
  /** For the adapter; it says what is wrong with them. */
  readonly option: Readonly<Record<string, unknown>>;
  readonly output: 'yaml' | 'json';
  readonly out?: string;
  readonly strict?: boolean;
  /** Print what became of every field instead of the documents. */
  readonly report?: ReportFormat;
  /** Print how many requests agree instead of the documents. */
  readonly prove?: boolean;
}

/** Prints what a target gets of the manifests, and on standard error what it does not; returns the exit code. */
export async function translateManifests(
  paths: readonly string[],
  options: TranslateOptions,
  known: typeof translators = translators,
): Promise<number> {
  const found = await findAdapter(options.to, known);
  if (!found.ok) {
    const ids = Object.keys(known);
    if (isForeign(options.to) || isThere(options.to)) reportDiagnostics(found.error, read([]));
    else
      return wrongUse(`"${options.to}" is not one of ${ids.join(', ')}${didYouMean(options.to, ids)}, nor a package`);
    return exitCodes.unreachable;
  }
  const translator = found.value;
  const parsed = translator.parseOptions(options.option);
  if (!parsed.ok) {
    reportDiagnostics(parsed.error, read([]));
    return exitCodes.usage;
  }
  // Pods of a cluster have the sidecars of the mesh that is translated to, or will.
  const checked = await checkSources(paths, { ...defaultCompileOptions, sidecars: 'foreign' }, options);
  const translation = translate(translator, checked.model, parsed.value);
  const faulty = reportTranslation(translator, translation, checked);
  const failed = faulty || (options.strict === true && lossesOf(translator, translation).length > 0);
  const wrong = write(translation, options);
  if (wrong !== undefined) return wrongUse(wrong);
  if (options.report !== undefined) printReport(translator, translation, checked, options.report);
  const proven = options.prove === true && !isRefused(translation) ? printProof(translator, translation, checked) : 0;
  return failed ? exitCodes.findings : proven;
}

function isRefused({ refusals }: Translation): boolean {
  return refusals.length > 0;
}

/** Into a folder, or where nothing else is printed to standard output; returns what stands against it. */
function write(translation: Translation, options: TranslateOptions): string | undefined {
  if (isRefused(translation)) return undefined;
  if (options.out !== undefined) return writeDocuments(translation.artifacts, options.out);
  const isPrinted = options.prove !== true && options.report === undefined;
  return isPrinted ? printDocuments(translation.artifacts, options) : undefined;
}

/** Tells whether there is an error. */
function reportTranslation(translator: Translator, translation: Translation, checked: CheckedSources): boolean {
  process.stderr.write(`${verdict(translator, translation)}\n`);
  const lost = lossesOf(translator, translation);
  if (lost.length > 0 || isRefused(translation)) process.stderr.write('\n');
  const faulty = reportFindings(checked);
  const refused = reportDiagnostics([...translation.refusals, ...lost], checked.sources);
  return faulty || refused;
}

function lossesOf({ id }: Translator, { losses, general }: Translation): readonly Diagnostic[] {
  return [...general, ...losses.map((loss) => lossDiagnostic(id, loss))];
}

function verdict(translator: Translator, translation: Translation): string {
  const { artifacts } = translation;
  if (isRefused(translation)) return `${translator.id}: refused, nothing is written`;
  const lost = lossesOf(translator, translation);
  const count = (code: string) => lost.filter((loss) => loss.code === code).length;
  const kinds = [
    [count('SMI5001'), 'approximated'],
    [count('SMI5005'), 'narrowed'],
    [count('SMI5002'), 'not expressed'],
  ] as const;
  const said = kinds.flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]));
  const documents = `${artifacts.length} ${artifacts.length === 1 ? 'document' : 'documents'}`;
  return `${translator.id}: ${documents}, ${said.length === 0 ? 'nothing lost' : said.join(', ')}`;
}
