import { type Change, isWidening } from '../../analysis/changes.ts';
import { diffModels } from '../../analysis/diff.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import type { RevisionFault } from './git.ts';
import { diffJson } from './json.ts';
import { diffMarkdown } from './markdown.ts';
import type { DiffPresentation } from './presentation.ts';
import { readClusterSides, readSide, type Side } from './sides.ts';
import { diffText } from './text.ts';

export interface DiffOptions extends ClusterChoice {
  readonly output: 'text' | 'json' | 'markdown';
  readonly only?: 'widened';
}

/** Prints what traffic means differently; returns the exit code: 0 without a change to show, 1 with one. */
export async function diff(before: string, after: string | undefined, options: DiffOptions): Promise<number> {
  if (before === '-' && after === '-') return wrongUse('only one side can be standard input');
  if (after === undefined && options.context === undefined) {
    return wrongUse('name two sides, or one together with --context to compare it with a cluster');
  }
  if (after !== undefined && options.context !== undefined) {
    return wrongUse('with --context the cluster is the old side, so only the new one is named');
  }
  const sides = after === undefined ? await readClusterSides(before, options) : await readSides(before, after);
  if (!sides.ok) return faulty(sides.error);
  const [old, now] = sides.value;
  for (const side of [old, now]) remarkErrors(side);
  const all = diffModels(old.model, now.model);
  const changes = options.only === 'widened' ? all.filter(isWidening) : all;
  present(changes, old, now, options);
  return changes.length > 0 ? exitCodes.findings : exitCodes.fine;
}

async function readSides(before: string, after: string): Promise<Result<readonly [Side, Side], RevisionFault>> {
  const old = await readSide(before);
  if (!old.ok) return old;
  const now = await readSide(after);
  return now.ok ? ok([old.value, now.value]) : now;
}

function faulty({ message, wrongUse: wrong }: RevisionFault): number {
  if (wrong) return wrongUse(message);
  process.stderr.write(`error: ${message}\n`);
  return exitCodes.unreachable;
}

/** Refused objects count as absent, which the reader has to know. */
function remarkErrors({ name, findings }: Side): void {
  const errors = findings.filter(({ diagnostic }) => diagnostic.severity === 'error').length;
  if (errors === 0) return;
  const what = errors === 1 ? '1 error' : `${errors} errors`;
  process.stderr.write(`note: ${name} has ${what}; what they refuse counts as absent (see smi-cli validate)\n`);
}

function present(changes: readonly Change[], old: Side, now: Side, { output }: DiffOptions): void {
  const presentation: DiffPresentation = {
    changes,
    names: { before: old.name, after: now.name },
    locate: { before: old.sources.locate, after: now.sources.locate },
  };
  if (output === 'json') printJson(diffJson(presentation));
  else if (output === 'markdown') process.stdout.write(diffMarkdown(presentation));
  else print(...diffText(presentation, styleFor(process.stdout)));
}
