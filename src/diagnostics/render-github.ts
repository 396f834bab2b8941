import { catalogue } from './catalogue.ts';
import type { Finding } from './located.ts';
import type { Severity } from './severity.ts';

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

/**
 * A finding as a workflow command of GitHub Actions, which shows it at its line in a pull request
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */
export function githubAnnotation({ diagnostic, location }: Finding): string {
  const { code, severity, message, hint } = diagnostic;
  const properties: [string, string | number][] = [];
  if (location !== undefined) {
    properties.push(['file', location.file.replaceAll('\\', '/')], ['line', location.line], ['col', location.column]);
    if (location.endColumn !== undefined) properties.push(['endColumn', location.endColumn]);
  }
  properties.push(['title', `${code}: ${catalogue[code].title}`]);
  const written = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${commands[severity]} ${written.join(',')}::${escapeData(`${message}\nNext step: ${hint}`)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
