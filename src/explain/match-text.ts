import type { HttpMatch } from '../model/types.ts';

/** What a match covers: `GET|HEAD /books.*`. */
export function describeMatch({ methods, path, headers }: HttpMatch): string {
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
