import { printable } from '../lib/printable.ts';
import { plainStyle, type TextStyle } from '../lib/text-style.ts';
import type { Finding } from './located.ts';
import { describeObject, type Location } from './origin.ts';
import type { Severity } from './severity.ts';

export interface TextOptions {
  /** The text of a line of a file, counted from 1. */
  readonly lineOf: (file: string, line: number) => string | undefined;
  readonly style?: TextStyle;
}

/** Longest part of a source line that is shown, in UTF-16 code units. */
const excerptLimit = 160;

/**
 * One finding with a frame: what, where, the line itself with carets under the value, the next step, related places.
 *
 * ```text
 * error[SMI2004]: spec.backends[1].weight is -5, outside the range from 0 to 2147483647
 *   --> split.yaml:12:15 (TrafficSplit default/bookstore)
 *    |
 * 12 |       weight: -5
 *    |               ^^
 *    = next: Use a whole number from 0 to 2147483647.
 * ```
 */
export function renderFinding({ diagnostic, location, related }: Finding, options: TextOptions): string {
  const style = options.style ?? plainStyle;
  const colour = severityColour(diagnostic.severity, style);
  const gutter = ' '.repeat(location === undefined ? 1 : String(location.line).length);
  const lines = [
    `${colour(style.bold(`${diagnostic.severity}[${diagnostic.code}]`))}${style.bold(`: ${printable(diagnostic.message)}`)}`,
  ];
  const object = diagnostic.origin === undefined ? '' : describeObject(diagnostic.origin.object);
  if (location !== undefined) {
    lines.push(
      `${gutter}${style.blue('-->')} ${printable(formatLocation(location))}${object === '' ? '' : ` (${printable(object)})`}`,
    );
    lines.push(...excerpt(location, gutter, colour, options));
  } else if (object !== '') {
    lines.push(`${gutter}${style.blue('-->')} ${printable(object)}`);
  }
  lines.push(`${gutter} ${style.blue('=')} next: ${printable(diagnostic.hint)}`);
  for (const place of related) {
    const where = place.location === undefined ? '' : `${formatLocation(place.location)} `;
    lines.push(`${gutter} ${style.blue('=')} see also: ${printable(`${where}(${place.what})`)}`);
  }
  return lines.join('\n');
}

/** `FILE:LINE:COLUMN`, which terminals and editors turn into a link. */
function formatLocation({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`;
}

function severityColour(severity: Severity, style: TextStyle): (text: string) => string {
  return { error: style.red, warning: style.yellow, info: style.blue }[severity];
}

function excerpt(
  location: Location,
  gutter: string,
  colour: (text: string) => string,
  { lineOf, style = plainStyle }: TextOptions,
): readonly string[] {
  const full = lineOf(location.file, location.line);
  if (full === undefined || full.trim() === '') return [];
  const start = location.column - 1;
  const end = Math.min(location.endColumn === undefined ? start + 1 : location.endColumn - 1, full.length);
  // A very long line is shown from shortly before the place.
  const from = start > excerptLimit - 20 ? start - 20 : 0;
  const shown = full.slice(from, from + excerptLimit);
  const bar = style.blue('|');
  // Tabs stay tabs, so that the carets stand under the text however wide the terminal makes them.
  const padding = printable(shown.slice(0, start - from)).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(end - start, excerptLimit - (start - from))));
  return [
    `${gutter} ${bar}`,
    `${style.blue(String(location.line))} ${bar} ${printable(shown)}`,
    `${gutter} ${bar} ${padding}${colour(carets)}`,
  ];
}
