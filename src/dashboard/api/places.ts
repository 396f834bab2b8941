import { describeObject, type Locate, type ObjectKey, type Origin } from '../../diagnostics/origin.ts';
import type { Place } from './contract.ts';

/** Where origins stand, each once; objects as people name them. */
export function placesOf(origins: readonly Origin[], locate: Locate): readonly Place[] {
  const places = origins.map((origin): Place => {
    const found = locate(origin);
    const at = found === undefined ? {} : { file: found.file, line: found.line };
    return { object: describeObject(origin.object), path: origin.path, ...at };
  });
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/** Where an object stands. */
export function placeOf(object: ObjectKey, locate: Locate): Place {
  const found = locate({ object, path: '' });
  const at = found === undefined ? {} : { file: found.file, line: found.line };
  return { object: describeObject(object), path: '', ...at };
}
