import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

interface Schedule {
  readonly startMicros: number;
  readonly intervalMicros: number;
  readonly count: number;
}

const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

/**
 * Calls `send` for each request with the time at which it is due, on the clock of `process.hrtime`. The waiting is done in
 * a thread of its own: timers of the event loop know whole milliseconds only.
 */
export function startPacer(rate: number, count: number, send: (dueMicros: number) => void): void {
  const intervalMicros = 1e6 / rate;
  const startMicros = nowMicros() + 200_000;
  const schedule: Schedule = { startMicros, intervalMicros, count };
  const worker = new Worker(new URL(import.meta.url), { workerData: schedule });
  let next = 0;
  worker.on('message', () => {
    const now = nowMicros();
    while (next < count && startMicros + next * intervalMicros <= now) send(startMicros + next++ * intervalMicros);
  });
}

function wake({ startMicros, intervalMicros, count }: Schedule): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let index = 0; index < count; index++) {
    const due = startMicros + index * intervalMicros;
    for (let rest = due - nowMicros(); rest > 0; rest = due - nowMicros()) Atomics.wait(cell, 0, 0, rest / 1000);
    parentPort?.postMessage(null);
  }
}

if (!isMainThread) wake(workerData as Schedule);
