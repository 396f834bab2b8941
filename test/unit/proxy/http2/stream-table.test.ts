import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StreamTable } from '../../../../src/proxy/http2/stream-table.ts';

it('a table of streams holds what a map would', () => {
  const step = fc.tuple(
    fc.boolean(),
    fc.oneof(
      fc.nat(40),
      fc.nat(2 ** 31 - 1),
      fc.nat(20).map((n) => n * 128),
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new StreamTable<{ id: number }>();
      const map = new Map<number, { id: number }>();
      for (const [adds, id] of steps) {
        if (!adds) {
          table.delete(id);
          map.delete(id);
        } else if (!map.has(id)) {
          const stream = { id };
          table.add(stream);
          map.set(id, stream);
        }
        expect(table.get(id)).toBe(map.get(id));
        expect(table.size).toBe(map.size);
      }
      for (const [id, stream] of map) expect(table.get(id)).toBe(stream);
      expect(new Set(table.all())).toEqual(new Set(map.values()));
    }),
  );
});
