import { Agent, request } from 'node:http';

const TICK_MILLIS = 10;
const REPORT_MILLIS = 5_000;
const REQUEST_TIMEOUT_MILLIS = 10_000;
const LIMIT_IN_FLIGHT = 64;

/**
 * Sends requests at a fixed rate, whether or not earlier ones have been answered (an open loop), over keep-alive
 * connections and without ever repeating one. `next(n)` says what the n-th request is: `{ method, path }`. At most 64 are
 * under way; what would exceed that is counted as held back. Every five seconds, and at the end, a line says what came of
 * them since the last line and in total.
 */
export function sendSteadily({ name, host, port, ratePerSecond, next }) {
  // First in, first out: every pooled connection is used often, so none is closed for idleness as it is picked.
  const agent = new Agent({ keepAlive: true, maxSockets: LIMIT_IN_FLIGHT, scheduling: 'fifo' });
  const total = new Tally();
  let recent = new Tally();
  let inFlight = 0;
  const startedAt = performance.now();
  let due = 0;

  const record = (outcome) => {
    recent.add(outcome);
    total.add(outcome);
  };
  const sendOne = (number) => {
    inFlight += 1;
    exchange({ agent, host, port, ...next(number) }, (outcome) => {
      inFlight -= 1;
      record(outcome);
    });
  };
  const tick = () => {
    const target = Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond);
    for (; due < target; due += 1) {
      if (inFlight < LIMIT_IN_FLIGHT) sendOne(due);
      else record('held back');
    }
  };
  const report = () => {
    console.log(`${name}: last 5 s ${recent}; in total ${total}`);
    recent = new Tally();
  };

  console.log(`${name} sends ${ratePerSecond} requests a second to ${host}:${port}`);
  const ticking = setInterval(tick, TICK_MILLIS);
  const reporting = setInterval(report, REPORT_MILLIS);
  process.once('SIGTERM', () => {
    clearInterval(ticking);
    clearInterval(reporting);
    const whenIdle = setInterval(() => {
      if (inFlight > 0) return;
      clearInterval(whenIdle);
      console.log(`${name}: in total ${total}`);
      process.exit(0);
    }, TICK_MILLIS);
  });
}

/** One request; `done` is called once, with the status code or the error's code. */
function exchange({ agent, host, port, method, path }, done) {
  const outgoing = request({ agent, host, port, method, path, timeout: REQUEST_TIMEOUT_MILLIS }, (response) => {
    response.resume();
    response.once('close', () => done(response.complete ? String(response.statusCode) : 'cut off'));
  });
  outgoing.once('timeout', () => outgoing.destroy(Object.assign(new Error('timed out'), { code: 'timed out' })));
  outgoing.once('error', (error) => {
    if (outgoing.res === null || outgoing.res === undefined) done(error.code ?? error.message);
  });
  outgoing.end();
}

class Tally {
  counts = new Map();

  add(outcome) {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  toString() {
    const parts = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([outcome, n]) => `${outcome}: ${n}`);
    return parts.length === 0 ? 'nothing' : parts.join(', ');
  }
}
