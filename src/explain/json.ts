import type { Locate, Origin } from '../diagnostics/origin.ts';

/** A value for programs in which every origin also has the file, line and column where it stands, if that is known. */
export function withPlaces(value: unknown, locate: Locate): unknown {
  if (Array.isArray(value)) return value.map((item) => withPlaces(item, locate));
  if (typeof value !== 'object' || value === null) return value;
  if (isOrigin(value)) return { ...value, ...locate(value) };
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withPlaces(field, locate)]));
}

function isOrigin(value: object): value is Origin {
  return (
    'object' in value &&
    typeof value.object === 'string' &&
    'path' in value &&
    typeof value.path === 'string' &&
    Object.keys(value).every((key) => key === 'object' || key === 'path' || key === 'mark')
  );
}
