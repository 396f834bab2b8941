import { expect, test } from 'vitest';
import { BenchFailure } from '../../../bench/failure.ts';
import { parseWrk } from '../../../bench/load.ts';

const printed = `Running 5s test @ http://127.0.0.1:9001/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.02ms  499.41us  12.16ms   92.07%
    Req/Sec    62.85k     2.31k   66.05k    74.00%
  Latency Distribution
     50%    0.95ms
     75%    1.12ms
     90%    1.37ms
     99%  812.00us
  312645 requests in 5.00s, 74.54MB read
Requests/sec:  62517.57
Transfer/sec:     14.91MB
`;

test('figures are read in milliseconds, whatever unit wrk chose for each', () => {
  expect(parseWrk(printed)).toEqual({
    requests: 312645,
    requestsPerSecond: 62517.57,
    p50Millis: 0.95,
    p99Millis: expect.closeTo(0.812, 6),
  });
});

test.each([
  ['refused answers', '  Non-2xx or 3xx responses: 17\n'],
  ['broken connections', '  Socket errors: connect 0, read 3, write 0, timeout 0\n'],
])('%s make the run a failure instead of a figure', (_, line) => {
  expect(() => parseWrk(printed.replace('Requests/sec', `${line}Requests/sec`))).toThrow(BenchFailure);
});

test('a text without results is a failure', () => {
  expect(() => parseWrk('unable to connect to 127.0.0.1:1 Connection refused')).toThrow(/something else than results/);
});
