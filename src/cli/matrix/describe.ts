import type { MatrixCell, MatrixDestination, Spread } from '../../analysis/matrix.ts';
import { describeMatch } from '../../explain/match-text.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import { percent } from '../percent.ts';

/** `default/bookstore:14001`. */
export function nameOf({ service, port, protocol }: MatrixDestination): string {
  return `${service}:${portKey(port, transportOf(protocol))}`;
}

/** What a cell lets in: `GET /books, POST /buy-a-book`, or `anything`; nothing for a cell that refuses. */
export function describeAccess({ access, matches, unmatched }: MatrixCell): string {
  if (access === 'none') return '';
  if (access === 'unavailable') return 'no pod is ready';
  const texts = matches.map(describeMatch);
  const covered = texts.length === 0 ? 'anything' : texts.join(', ');
  return unmatched ? 'anything, enforced or not' : covered;
}

/** `default/web-v1:80 90 %, default/web-v2:80 10 %`; several ways are parted by `or`. */
export function describeSpreads(spreads: readonly Spread[]): string {
  return spreads
    .map((spread) => spread.map(({ backend, share }) => `${backend} ${percent(share)}`).join(', '))
    .join(' or ');
}

export interface AccessCounts {
  readonly all: number;
  readonly some: number;
  readonly none: number;
  readonly unavailable: number;
}

export function countAccess(cells: readonly MatrixCell[]): AccessCounts {
  const counts = { all: 0, some: 0, none: 0, unavailable: 0 };
  for (const { access } of cells) counts[access] += 1;
  return counts;
}
