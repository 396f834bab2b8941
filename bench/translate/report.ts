import { markdownTable } from '../table.ts';
import type { TranslateReport } from './run.ts';

const limitMillis = 3_000;

/** A table for people, in Markdown: a line for each target. */
export function renderTranslate({ services, figures }: TranslateReport): string {
  const rows = figures.map(({ adapter, documents, read, translate, write, whole, processor }) => [
    adapter,
    String(documents),
    ...[read, translate, write, whole, processor].map((millis) => `${millis.toFixed(0)} ms`),
    `${limitMillis} ms`,
    whole <= limitMillis ? 'yes' : 'NO',
  ]);
  const head = ['documents', 'read and compile', 'translate', 'write', 'all', 'processor time', 'limit', 'met'];
  return markdownTable([[`${services} Services, splits and targets`, ...head], ...rows]).join('\n');
}
