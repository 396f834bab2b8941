import { readFileSync } from 'node:fs';
import { assemble } from '../../compile/assemble.ts';
import { toFindings } from '../../diagnostics/located.ts';
import { locateWritten } from '../../smi/written.ts';
import { replaceFile } from '../../source/edit/replace-file.ts';
import { readSources, stdinName } from '../../source/read.ts';
import { readStdin } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { faultyFiles, filesOf, joined, report } from '../manifest-files.ts';
import { print, printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { type FilePlan, planFile } from './plan.ts';
import { parseTarget } from './targets.ts';

export interface ConvertOptions {
  readonly to: string;
  readonly inPlace?: true;
  readonly output: 'yaml' | 'json';
  readonly strict?: true;
}

/** Converts manifests between versions of SMI; returns the exit code. Files with errors are not written. */
export async function convertFiles(paths: readonly string[], options: ConvertOptions): Promise<number> {
  const target = parseTarget(options.to);
  if (!target.ok) return wrongUse(target.error);
  if (options.inPlace && paths.includes('-')) return wrongUse('standard input cannot be edited in place');
  if (options.inPlace && options.output === 'json')
    return wrongUse('--in-place keeps the format of each file; leave out -o');
  const stdin = paths.includes('-') ? await readStdin() : new Uint8Array();
  const sources = locateWritten(readSources(paths, { stdin }));
  const read = toFindings([...sources.diagnostics, ...assemble(sources.documents).diagnostics], sources.locate);
  const refused = faultyFiles(read);
  const plans = filesOf(paths).map((file): FilePlan => {
    if (refused.has(file)) return { file, objects: [], converted: 0, diagnostics: [] };
    const text = file === stdinName ? new TextDecoder().decode(stdin) : readFileSync(file, 'utf8');
    return planFile(file, text, { target: target.value, strict: options.strict === true });
  });
  const planned = toFindings(
    plans.flatMap(({ diagnostics }) => diagnostics),
    sources.locate,
  );
  const faulty = new Set([...refused, ...faultyFiles(planned)]);
  report([...read, ...planned], sources);
  if (options.inPlace) return writeInPlace(plans, faulty);
  if (faulty.size > 0) return exitCodes.findings;
  if (options.output === 'json')
    printJson({ apiVersion: 'v1', kind: 'List', items: plans.flatMap(({ objects }) => objects) });
  else process.stdout.write(joined(plans.map(({ text = '' }) => text)));
  return exitCodes.fine;
}

function writeInPlace(plans: readonly FilePlan[], faulty: ReadonlySet<string>): number {
  const failures: string[] = [];
  let objects = 0;
  let files = 0;
  for (const { file, text, converted } of plans) {
    if (converted === 0 || text === undefined || faulty.has(file)) continue;
    const written = replaceFile(file, text);
    if (!written.ok) {
      failures.push(`error: cannot write ${file}: ${written.error}`);
      continue;
    }
    objects += converted;
    files += 1;
  }
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  const left = failures.length + plans.filter(({ file }) => faulty.has(file)).length;
  print(
    `converted ${plural(objects, 'object')} in ${plural(files, 'file')}${left === 0 ? '' : `; ${plural(left, 'file')} with errors left alone`}`,
  );
  if (failures.length > 0) return exitCodes.unreachable;
  return faulty.size > 0 ? exitCodes.findings : exitCodes.fine;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
