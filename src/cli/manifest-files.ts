import type { Finding } from '../diagnostics/located.ts';
import { renderFinding } from '../diagnostics/render-text.ts';
import { findFiles } from '../source/files.ts';
import { stdinName } from '../source/read.ts';
import type { SourceSet } from '../source/types.ts';
import { styleFor } from './output.ts';

/** The files that paths lead to, each once; `-` is standard input. */
export function filesOf(paths: readonly string[]): readonly string[] {
  const files = paths.flatMap((path) => {
    if (path === '-') return [stdinName];
    const found = findFiles(path);
    return found.ok ? found.value.map(({ file }) => file) : [];
  });
  return [...new Set(files)];
}

/** Shows findings on standard error. */
export function report(findings: readonly Finding[], { lineOf }: SourceSet): void {
  const style = styleFor(process.stderr);
  for (const finding of findings) process.stderr.write(`${renderFinding(finding, { lineOf, style })}\n\n`);
}

/** Files, or paths that lead to none, with an error. */
export function faultyFiles(findings: readonly Finding[]): ReadonlySet<string> {
  const errors = findings.filter(({ diagnostic }) => diagnostic.severity === 'error');
  return new Set(errors.map(({ location }) => location?.file ?? ''));
}

/** Several files as one stream of documents. */
export function joined(texts: readonly string[]): string {
  const [first = '', ...others] = texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`));
  return first + others.map((text) => (/^---(\s|$)/.test(text) ? text : `---\n${text}`)).join('');
}
