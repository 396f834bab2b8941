import { expect, test } from 'vitest';
import { parseH2Load } from '../../../bench/data-plane/load/h2load.ts';
import { percentilesOf } from '../../../bench/data-plane/percentiles.ts';
import { BenchFailure } from '../../../bench/failure.ts';

const printed = `starting benchmark...
Application protocol: h2c
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

finished in 1.00s, 82768.00 req/s, 9.24MB/s
requests: 82768 total, 82832 started, 82768 done, 82768 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 82768 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 9.24MB (9684248) total, 4.18MB (4386704) headers (space savings 49.52%), 969.94KB (993216) data
                     min         max         mean         sd        +/- sd
time for request:       58us      5.83ms       649us       376us    90.11%
`;

test('requests and their rate are read from what h2load prints', () => {
  expect(parseH2Load(printed)).toEqual({ requests: 82768, requestsPerSecond: 82768 });
});

test('failed requests make the run a failure instead of a figure', () => {
  const failed = printed.replace('82768 succeeded, 0 failed', '82700 succeeded, 68 failed');
  expect(() => parseH2Load(failed)).toThrow(BenchFailure);
});

test.each([
  ['another text', 'unable to connect to 127.0.0.1:1'],
  ['no request', printed.replace('82768 done, 82768 succeeded', '0 done, 0 succeeded')],
])('%s is a failure', (_, text) => {
  expect(() => parseH2Load(text)).toThrow(/something else than results/);
});

test('percentiles are the latencies at nearest rank, in milliseconds', () => {
  const shuffled = Array.from({ length: 1000 }, (_, index) => ((index * 7) % 1000) + 1);
  expect(percentilesOf(shuffled)).toEqual({ p50Millis: 0.5, p99Millis: 0.99, p999Millis: 0.999 });
  expect(percentilesOf([250])).toEqual({ p50Millis: 0.25, p99Millis: 0.25, p999Millis: 0.25 });
});
