import { markdownTable } from '../table.ts';
import type { WrittenManifests } from './manifests.ts';

/** One figure, and the most (or for a rate: no limit) that it may be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB' | 'documents/s';
  readonly limit?: number;
}

export interface FrontendReport {
  readonly name: 'frontend';
  readonly input: Pick<WrittenManifests, 'documents' | 'files' | 'bytes'> & { readonly services: number };
  readonly figures: readonly Figure[];
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
}

/** A table for people, in Markdown. */
export function renderFrontend({ input, figures, notes }: FrontendReport): string {
  const rows = figures.map(({ name, value, unit, limit }) => [
    name,
    `${amount(value)} ${unit}`,
    limit === undefined ? '-' : `${limit} ${unit}`,
    limit === undefined ? '-' : value <= limit ? 'yes' : 'NO',
  ]);
  const megabytes = (input.bytes / 1e6).toFixed(1);
  return [
    `${input.documents} documents in ${input.files} files (${megabytes} MB), ${input.services} Services`,
    '',
    ...markdownTable([['what', 'measured', 'limit', 'met'], ...rows]),
    ...notes.map((note) => `\n${note}`),
  ].join('\n');
}

function amount(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
