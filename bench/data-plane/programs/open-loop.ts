// Sends requests at a fixed rate and prints the latency of each, in microseconds from when it was due. The argument is
// OpenLoopOptions as JSON.
import { createClient, type RequestKind } from './paced-client.ts';
import { startPacer } from './pacer.ts';

export interface OpenLoopOptions {
  readonly kind: RequestKind;
  readonly port: number;
  readonly host: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface OpenLoopResult {
  readonly micros: readonly number[];
  readonly failures: number;
}

/** The first requests open connections and are not counted. */
const uncountedSeconds = 0.5;
const maxOutstanding = 4096;
/** More failures make the figures worthless; a failed request counts with the time until it failed. */
const maxFailedShare = 0.01;
const answerLimitMillis = 25_000;

const options = JSON.parse(process.argv[2] ?? '') as OpenLoopOptions;
const uncounted = Math.round(options.rate * uncountedSeconds);
const total = uncounted + options.rate * options.seconds;
const client = await createClient(options);
const micros: number[] = [];
let sent = 0;
let answered = 0;
let failures = 0;

const fail = (reason: string): never => {
  console.error(reason);
  process.exit(1);
};

startPacer(options.rate, total, (dueMicros) => {
  const index = sent++;
  if (sent - answered > maxOutstanding) fail(`more than ${maxOutstanding} requests without an answer`);
  client.send((fault) => {
    if (fault !== undefined && ++failures > total * maxFailedShare)
      fail(`${failures} requests failed, the last: ${fault}`);
    if (index >= uncounted) micros.push(Number(process.hrtime.bigint() / 1000n) - dueMicros);
    if (++answered === total) finish();
  });
});

setTimeout(() => fail('answers are missing'), (total / options.rate) * 1000 + answerLimitMillis).unref();

function finish(): void {
  client.close();
  process.stdout.write(JSON.stringify({ micros, failures } satisfies OpenLoopResult), () => process.exit(0));
}
