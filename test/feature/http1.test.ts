import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { envoyBinary } from '../support/envoy.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { asSent, type RequestCase, type ResponseCase } from './http1/case.ts';
import { requestCases, responseCases } from './http1/cases/index.ts';
import { answersOf, exchange, inOneLine, type Target } from './http1/client.ts';
import { closing, plainScript, type Recorder, startRecorder } from './http1/recorder.ts';
import { sidecar } from './http1/sidecar.ts';
import { readMessage, type WireMessage } from './http1/wire.ts';

/** Raw HTTP/1.1 between a client and a server, through the client's sidecar: ours and the real Envoy. */

const { path: binary, reason } = envoyBinary();

interface Bench {
  readonly target: Target;
  readonly server: Recorder;
  /** Whether clients leave the closing of connections to the sidecar. */
  readonly patient: boolean;
}

/** Sends a case; `pieces` are its octets and the closing request. */
async function ask({ target, server, patient }: Bench, { send }: RequestCase, pieces: readonly string[]) {
  server.script = plainScript;
  server.seen.length = 0;
  const methods = [...send.matchAll(/^([A-Z]+) \S+ HTTP/gm)].map((match) => match[1] ?? '');
  const text = await exchange(target, pieces, patient ? undefined : { methods });
  return { answers: answersOf(text, methods, (_, status) => status), seen: [...server.seen] };
}

const messageOf = (text: string) => readMessage(text, 0, 'no-body');
const content = (read: ReturnType<typeof messageOf> | WireMessage) =>
  typeof read === 'string' ? read : { head: read.head, body: read.body, trailers: read.trailers };

function expectedMessages({ send, reaches }: RequestCase): readonly ReturnType<typeof messageOf>[] {
  if (reaches === undefined) return [];
  const texts = reaches === asSent ? [send] : typeof reaches === 'string' ? [reaches] : reaches;
  return texts.map(messageOf);
}

const expected = (one: RequestCase): readonly unknown[] => expectedMessages(one).map(content);

/** Where parsers have to carry something over: around line ends, colons and blanks, and at both ends. */
function cuts(text: string): readonly number[] {
  const places = new Set<number>([1, text.length]);
  for (const match of text.matchAll(/[\r\n:; ]/g)) places.add(match.index).add(match.index + 1);
  return [...places].filter((place) => place > 0).slice(0, 60);
}

describe('raw requests through our proxy', () => {
  const ends = sidecar(proxyPlane, startRecorder);
  const bench = (): Bench => ({ ...ends(), patient: true });

  for (const [group, cases] of Object.entries(requestCases)) {
    it.each(cases)(`${group}: $name`, async (one) => {
      const whole = await ask(bench(), one, [one.send + closing]);
      expect(whole.answers).toBe(one.ours);
      expect(whole.seen.map(content)).toEqual(expected(one));
      const all = one.send + closing;
      for (const cut of cuts(one.send)) {
        const { answers, seen } = await ask(bench(), one, [all.slice(0, cut), all.slice(cut)]);
        expect([cut, answers, seen.map(content)]).toEqual([cut, one.ours, expected(one)]);
      }
      if (one.send.length > 2_000) return;
      const { answers, seen } = await ask(bench(), one, [...one.send, closing]);
      expect([answers, seen.map(content)]).toEqual([one.ours, expected(one)]);
    });
  }
});

/** Settles when the server has the end of what was sent and takes it for a part of a request. */
async function waits({ target, server }: Bench, send: string): Promise<void> {
  server.seen.length = 0;
  const socket = connect(target);
  socket.write(send);
  await vi.waitFor(() => expect(server.pending).toContain(send.slice(-3)), 15_000);
  expect([server.seen, socket.bytesRead]).toEqual([[], 0]);
  socket.destroy();
}

/** What passes two sidecars and HTTP/2 between them keeps its meaning: names in lower case, fields in order. */
const meaning = (read: ReturnType<typeof messageOf>) =>
  typeof read === 'string' ? read : inOneLine(read.startLine, read);

describe('raw requests through two of our proxies', () => {
  const ends = sidecar(proxyPlane, startRecorder, { meshed: true });
  const bench = (): Bench => ({ ...ends(), patient: true });

  for (const [group, cases] of Object.entries(requestCases)) {
    it.each(cases)(`${group}: $name`, async (one) => {
      const { answers, seen } = await ask(bench(), one, [one.send + closing]);
      const through = one.oursTwice === undefined ? expectedMessages(one).map(meaning) : [];
      expect([answers, ...seen.map(meaning)]).toEqual([one.oursTwice ?? one.ours, ...through]);
    });
  }
});

async function askFor({ target, server, patient }: Bench, one: ResponseCase): Promise<string> {
  const method = one.method ?? 'GET';
  server.seen.length = 0;
  server.script = { answer: one.answer, closes: one.closes === true };
  const request = `${method} / ${one.version ?? 'HTTP/1.1'}\r\nHost: legacy\r\n\r\n`;
  return answersOf(
    await exchange(target, [request + closing], patient ? undefined : { methods: [method] }),
    [method],
    (answer, status) =>
      inOneLine(status, answer.startLine.endsWith(' 502 Bad Gateway') ? { ...answer, body: '' } : answer),
  );
}

describe.each([
  ['our proxy', false],
  ['two of our proxies', true],
])('raw answers through %s', (_, meshed) => {
  const ends = sidecar(proxyPlane, startRecorder, { meshed });
  const bench = (): Bench => ({ ...ends(), patient: true });

  for (const [group, cases] of Object.entries(responseCases)) {
    it.each(cases)(`${group}: $name`, async (one) => {
      expect(await askFor(bench(), one)).toBe(one.ours);
    });
  }
});

describe.skipIf(binary === undefined)(`the same through Envoy${reason === undefined ? '' : ` (${reason})`}`, () => {
  const ends = sidecar(binary === undefined ? undefined : envoyPlane(binary), startRecorder);
  const bench = (): Bench => ({ ...ends(), patient: false });

  for (const [group, cases] of Object.entries(requestCases)) {
    it.each(cases)(`${group}: $name`, async (one) => {
      if (one.envoy === 'waits') {
        await waits(bench(), one.send);
        return;
      }
      const { answers, seen } = await ask(bench(), one, [one.send + closing]);
      const lines = seen.map((message) =>
        message === 'malformed' ? message : inOneLine(message.startLine.replace(/ HTTP\/1\.1$/, ''), message),
      );
      const observed = [answers, ...lines].join(' <- ');
      expect(observed).toBe(one.envoy);
    });
  }

  for (const [group, cases] of Object.entries(responseCases)) {
    it.each(cases)(`${group}: $name`, async (one) => {
      const observed = await askFor(bench(), one);
      expect(observed).toBe(one.envoy);
    });
  }
});
