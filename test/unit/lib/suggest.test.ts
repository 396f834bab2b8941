import { expect, test } from 'vitest';
import { closest } from '../../../src/lib/suggest.ts';

test.each([
  ['servcie', ['backends', 'service'], 'service'],
  ['get', ['POST', 'GET'], 'GET'],
  ['matchs', ['matches', 'backends'], 'matches'],
  ['v1alpha33', ['v1alpha1', 'v1alpha3'], 'v1alpha3'],
  ['weight', ['service'], undefined],
  ['a', ['xyz'], undefined],
  ['', ['service'], undefined],
])('%s means %s', (word, candidates, expected) => expect(closest(word, candidates)).toBe(expected));
