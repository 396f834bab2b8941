import { describe, expect, it } from 'vitest';
import { fuzzDocuments } from '../fuzz/documents/run.ts';
import { parseOptions } from '../fuzz/options.ts';

/** Another one with `FUZZ_SEED`; `npm run fuzz -- documents` tries as many as one likes. */
const seed = Number(process.env.FUZZ_SEED ?? 20_240_607);

describe('generated documents', () => {
  it(`take the tools neither down, nor long, nor much memory (seed ${seed})`, async () => {
    const report = await fuzzDocuments({ seed, count: 4_000, jobs: 2 });
    console.log(`documents: seed ${seed}, ${report.documents} documents, ${report.valid} pass their schema`);
    expect(report.failures).toEqual([]);
    expect(report.documents).toBeGreaterThanOrEqual(4_000);
    expect(report.valid / report.documents).toBeGreaterThan(0.3);
    expect(report.valid / report.documents).toBeLessThan(0.9);
  }, 120_000);

  it('are the same for the same seed', async () => {
    const [one, two] = [
      await fuzzDocuments({ seed: 1, count: 1, jobs: 1 }),
      await fuzzDocuments({ seed: 1, count: 1, jobs: 1 }),
    ];
    expect({ ...one, seconds: 0, peakBytes: 0 }).toEqual({ ...two, seconds: 0, peakBytes: 0 });
  }, 60_000);
});

describe('a planted fault is found:', () => {
  it('one that throws', async () => {
    const { failures } = await fuzzDocuments({ seed: 1, count: 8_000, jobs: 1, plant: 'crash', failureLimit: 1 });
    expect(failures).toMatchObject([{ kind: 'threw', detail: expect.stringContaining('a planted fault') }]);
  }, 120_000);

  it('one that never ends', async () => {
    const { failures } = await fuzzDocuments({
      seed: 1,
      count: 8_000,
      jobs: 1,
      plant: 'hang',
      hangMillis: 8_000,
      failureLimit: 1,
    });
    expect(failures).toMatchObject([{ kind: 'hangs' }]);
  }, 120_000);

  it('one that keeps memory', async () => {
    const { failures } = await fuzzDocuments({ seed: 1, count: 8_000, jobs: 1, plant: 'leak', failureLimit: 1 });
    expect(failures[0]).toMatchObject({ kind: 'died', detail: expect.stringMatching(/memory/) });
  }, 120_000);
});

describe('the command line', () => {
  it('is read', () => {
    expect(parseOptions(['documents', '--seed', '7', '--count', '10', '--jobs', '1', '--plant', 'crash'])).toEqual({
      ok: true,
      value: { what: 'documents', seed: 7, count: 10, jobs: 1, plant: 'crash' },
    });
    expect(parseOptions(['regex', '--seed', '7'])).toEqual({
      ok: true,
      value: { what: 'regex', seed: 7, count: 20_000 },
    });
  });

  it.each([
    [[]],
    [['x']],
    [['regex', '--plant', 'crash']],
    [['documents', '--plant', 'x']],
    [['documents', '--count', 'x']],
  ])('%j is wrong use', (args) => {
    expect(parseOptions(args)).toMatchObject({ ok: false });
  });
});
