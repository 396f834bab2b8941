import type { MatrixCell, MatrixDestination, Spread } from '../../analysis/matrix.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import type { HttpMatch } from '../../model/types.ts';
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

function describeMatch({ methods, path, headers }: HttpMatch): string {
  const parts = [
    methods === 'any' ? 'any method' : methods.join('|'),
    path === 'any' ? 'any path' : path.kind === 'regex' ? describeExpression(path.re2) : path.value,
    ...(headers === 'any' ? [] : headers.map(({ name, re2 }) => `${name}=~${re2}`)),
  ];
  return parts.join(' ');
}

/** As it was written, without the anchoring that the compiler puts around it. */
function describeExpression(re2: string): string {
  return /^\(\?:(.*?)\)(?:\(\?s:\.\*\))?$/s.exec(re2)?.[1] ?? re2;
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
