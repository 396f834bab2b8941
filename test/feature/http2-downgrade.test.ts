import { describe, expect, it } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { closed, downgrades } from './http1/cases/downgrades.ts';
import { inOneLine } from './http1/client.ts';
import { outcomeOf } from './http1/frames.ts';
import { plainScript, startRecorder } from './http1/recorder.ts';
import { sidecar } from './http1/sidecar.ts';

/** Requests in HTTP/2, well-formed or not, to a server of HTTP/1.1: what HTTP/1.1 would read otherwise never reaches it. */

const { path: binary, reason } = envoyBinary();

describe.each([
  ['our proxy', proxyPlane, 'ours'],
  [
    reason === undefined ? 'Envoy' : `Envoy (${reason})`,
    binary === undefined ? undefined : envoyPlane(binary),
    'envoy',
  ],
] as const)('HTTP/2 to HTTP/1.1 through %s', (_, plane, side) => {
  const ends = sidecar(plane, startRecorder);

  const alone = downgrades.filter((one) => one[side] !== closed);

  it.skipIf(plane === undefined).each(alone)('$name', async (one) => {
    const { target, server } = ends();
    server.script = plainScript;
    server.seen.length = 0;
    const outcome = await outcomeOf(target, one);
    const lines = server.seen.map((message) =>
      message === 'malformed' ? message : inOneLine(message.startLine.replace(/ HTTP\/1\.1$/, ''), message),
    );
    expect([outcome, ...lines].join(' <- ')).toBe(one[side]);
  });

  // Each of these connections lasts a second.
  if (alone.length === downgrades.length) return;
  it.skipIf(plane === undefined)('the others end their connection', async () => {
    const { target, server } = ends();
    server.seen.length = 0;
    const others = downgrades.filter((one) => !alone.includes(one));
    const outcomes = await Promise.all(others.map((one) => outcomeOf(target, one)));
    expect(outcomes.map((outcome, index) => [others[index]?.name, outcome])).toEqual(
      others.map(({ name }) => [name, closed]),
    );
    expect(server.seen).toEqual([]);
  });
});
