import { closest } from '../lib/suggest.ts';

/** Optional fields, of any version, that make an object apply to less than it does without them. */
const narrowing: readonly string[] = [
  'spec',
  'matches',
  'ports',
  'port',
  'namespace',
  'pathRegex',
  'methods',
  'headers',
];

/**
 * Which narrowing field an unknown one was most likely meant to be, so that ignoring it would widen. In a match of a route
 * group everything but its name narrows, so there any unknown field counts, and stands for itself when it resembles none.
 */
export function narrowingField(unknown: string, fields: readonly string[]): string | undefined {
  const near = closest(unknown, [...fields, ...narrowing]);
  if (near !== undefined && narrowing.includes(near)) return near;
  return near === undefined && fields.includes('pathRegex') ? unknown : undefined;
}
