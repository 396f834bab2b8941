import { closest } from '../lib/suggest.ts';
import { catalogue, type DiagnosticCode } from './catalogue.ts';
import { type Diagnostic, diagnostic } from './diagnostic.ts';
import type { Finding } from './located.ts';
import type { Location } from './origin.ts';

/** A comment that asks to leave findings of some codes out, as written: `# smi-mesh: ignore CODE[, CODE] -- REASON`. */
export interface SuppressionComment {
  /** The comment itself. */
  readonly location: Location;
  /** Lines whose findings it speaks of. */
  readonly lines: readonly number[];
  /** What follows `ignore`. */
  readonly text: string;
}

export interface SuppressedFinding {
  readonly finding: Finding;
  /** Absent: the finding stands. */
  readonly reason?: string;
}

export interface SuppressionResult {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  /** What is wrong with the comments: without a reason, unknown codes, nothing to leave out. */
  readonly diagnostics: readonly Diagnostic[];
}

interface Suppression {
  readonly comment: SuppressionComment;
  readonly code: DiagnosticCode;
  readonly reason: string;
}

/** Leaves out the findings that comments speak of. A comment that has a fault of its own leaves nothing out. */
export function suppress(findings: readonly Finding[], comments: readonly SuppressionComment[]): SuppressionResult {
  const diagnostics: Diagnostic[] = [];
  const suppressions = comments.flatMap((comment) => readComment(comment, diagnostics));
  const byPlace = Map.groupBy(
    suppressions.flatMap((suppression) => suppression.comment.lines.map((line) => ({ suppression, line }))),
    ({ suppression, line }) => placeKey(suppression.comment.location.file, line, suppression.code),
  );
  const used = new Set<Suppression>();
  const kept: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of findings) {
    const { location } = finding;
    const key = location && placeKey(location.file, location.line, finding.diagnostic.code);
    const found = key === undefined ? undefined : byPlace.get(key)?.[0]?.suppression;
    if (found === undefined) kept.push(finding);
    else {
      used.add(found);
      suppressed.push({ finding, reason: found.reason });
    }
  }
  for (const suppression of suppressions) {
    if (used.has(suppression)) continue;
    const [line = 0] = suppression.comment.lines;
    const message = `there is no ${suppression.code} to ignore on line ${line}`;
    diagnostics.push(diagnostic('SMI4592', { message, location: suppression.comment.location }));
  }
  return { findings: kept, suppressed, diagnostics };
}

function placeKey(file: string, line: number, code: string): string {
  return `${code} ${line} ${file}`;
}

function readComment(comment: SuppressionComment, diagnostics: Diagnostic[]): readonly Suppression[] {
  const { location, text } = comment;
  const [codes = '', ...rest] = text.split(/\s--(?:\s|$)/);
  const reason = rest.join(' -- ').trim();
  const names = codes.split(/[\s,]+/).filter((name) => name !== '');
  const unknown = names.find((name) => !isCode(name));
  if (names.length === 0 || unknown !== undefined) {
    const near = unknown === undefined ? undefined : closest(unknown, Object.keys(catalogue));
    const message = unknown === undefined ? 'the comment names no code to ignore' : `"${unknown}" is not a code`;
    const hint = near === undefined ? {} : { hint: `Did you mean ${near}?` };
    diagnostics.push(diagnostic('SMI4591', { message, location, ...hint }));
    return [];
  }
  if (reason === '') {
    const message = `the comment that ignores ${names.join(', ')} gives no reason, so nothing is ignored`;
    diagnostics.push(diagnostic('SMI4590', { message, location }));
    return [];
  }
  return names.filter(isCode).map((code) => ({ comment, code, reason }));
}

/** Whether a text is a code of the catalogue. */
export function isCode(text: string): text is DiagnosticCode {
  return Object.hasOwn(catalogue, text);
}
