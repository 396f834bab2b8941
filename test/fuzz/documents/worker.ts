import { openSync, writeSync } from 'node:fs';
import { Random } from '../random.ts';
import { type FuzzCase, generateCase } from './case.ts';
import { examine } from './examine.ts';
import { springPlant } from './plant.ts';
import type { CaseFault, WorkerMessage, WorkerTask } from './protocol.ts';

/** No case may take longer, in processor time. */
const slowMicros = 1_000_000;
const reportEvery = 200;

/** Cases of one seed, one after another; a report every so often. */
function work({ seed, first, step, documents: wanted, progress, plant }: WorkerTask): void {
  const file = openSync(progress, 'w');
  let totals = { documents: 0, objects: 0, valid: 0 };
  let faults: CaseFault[] = [];
  let done = 0;
  const report = (): void => {
    const message: WorkerMessage = { ...totals, faults };
    process.send?.(message);
    totals = { documents: 0, objects: 0, valid: 0 };
    faults = [];
  };
  for (let index = first, count = 1; done < wanted; index += step, count += 1) {
    writeSync(file, String(index).padEnd(16), 0);
    const random = new Random(seed, index);
    const fuzzCase = generateCase(random);
    done += fuzzCase.documents;
    try {
      springPlant(plant, fuzzCase.bytes);
      const { objects, valid, micros } = timed(fuzzCase, random);
      const { documents, objects: earlierObjects, valid: earlierValid } = totals;
      totals = {
        documents: documents + fuzzCase.documents,
        objects: earlierObjects + objects,
        valid: earlierValid + valid,
      };
      if (micros > slowMicros) faults.push({ index, kind: 'slow', detail: `${Math.round(micros / 1000)} ms` });
    } catch (error) {
      faults.push({
        index,
        kind: 'threw',
        detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    if (count % reportEvery === 0) report();
  }
  report();
}

/** Processor time, the least of three where the first is too much: other programs and the collector also cost time. */
function timed({ bytes }: FuzzCase, random: Random): ReturnType<typeof examine> & { readonly micros: number } {
  let micros = Number.POSITIVE_INFINITY;
  let result = { objects: 0, valid: 0 };
  for (let attempt = 0; attempt < 3 && micros > slowMicros; attempt += 1) {
    const before = process.cpuUsage();
    result = examine(bytes, random);
    const { user, system } = process.cpuUsage(before);
    micros = Math.min(micros, user + system);
  }
  return { ...result, micros };
}

work(JSON.parse(process.argv[2] ?? '') as WorkerTask);
process.disconnect?.();
