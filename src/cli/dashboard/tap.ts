import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TapTarget } from '../../control/admin/contract.ts';
import type { Upstream, UpstreamAnswer } from '../../dashboard/server/upstream.ts';
import { parseTapRequest } from '../../telemetry/tap-request.ts';
import type { ReachTap } from '../tap/reach.ts';
import type { TapStream } from '../tap/stream.ts';
import { targetsOf } from '../tap/targets.ts';

/** More proxies at once are too many to look at; `of` names those that are meant. */
const maxProxies = 100;
/** Records a second that a page can show, of all proxies together. */
const perSecond = 400;
const maxPages = 8;
/** What waits for a slow page; beyond it records are left out. */
const waitingBytes = 1_048_576;

/**
 * The same control plane with `/tap`: requests of all its proxies as they end, one JSON record a line. The parameters are those of a
 * proxy's own `/tap`, and `of=RESOURCE` for the proxies of that alone.
 */
export function withTap(upstream: Upstream, reach: ReachTap): Upstream {
  let pages = 0;
  return {
    open: async (target, signal) => {
      const { pathname, searchParams: query } = new URL(`http://page${target}`);
      if (pathname !== '/tap') return await upstream.open(target, signal);
      const of = query.get('of');
      query.delete('of');
      const asked = parseTapRequest(query);
      if (!asked.ok) return problem(400, asked.error);
      const chosen = chosenOf(await allTargets(upstream, signal), of);
      if (typeof chosen === 'string') return problem(400, chosen);
      if (pages >= maxPages) return problem(429, 'too many look already');
      const share = Math.max(1, Math.floor(perSecond / chosen.length));
      if (!query.has('max-per-second')) query.set('max-per-second', String(share));
      pages += 1;
      const body = recordsOf(chosen, query.toString(), reach, signal);
      body.once('close', () => {
        pages -= 1;
      });
      return { status: 200, type: 'application/x-ndjson', body };
    },
  };
}

/** The proxies that are meant, or why none can be looked at. */
function chosenOf(targets: readonly TapTarget[], of: string | null): readonly TapTarget[] | string {
  if (targets.length === 0) return 'there is no proxy';
  const chosen = of === null || of === '' ? ({ ok: true, value: targets } as const) : targetsOf(of, targets);
  if (!chosen.ok) return chosen.error;
  return chosen.value.length > maxProxies
    ? `${chosen.value.length} proxies are too many to look at (${maxProxies}): say of which, such as deploy/NAME`
    : chosen.value;
}

async function allTargets(upstream: Upstream, signal: AbortSignal): Promise<readonly TapTarget[]> {
  const { status, body } = await upstream.open('/targets', signal);
  const answer = await text(body);
  if (status !== 200) throw new Error(`status ${status} for its proxies`);
  return (JSON.parse(answer) as { readonly targets: readonly TapTarget[] }).targets;
}

/** Ends when the page leaves, or with the last of the proxies. */
function recordsOf(targets: readonly TapTarget[], query: string, reach: ReachTap, signal: AbortSignal): Readable {
  const streams = new Set<TapStream>();
  let open = targets.length;
  const body = new Readable({
    read: () => undefined,
    destroy: (error, done) => {
      for (const stream of streams) stream.close();
      done(error);
    },
  });
  const ended = () => {
    open -= 1;
    if (open === 0) body.push(null);
  };
  if (signal.aborted) body.destroy();
  signal.addEventListener('abort', () => body.destroy(), { once: true });
  // So that the page is answered before the first request.
  body.push('\n');
  for (const target of targets) {
    void reach(
      target,
      query,
      (line) => {
        if (!('record' in line) || body.destroyed || body.readableLength > waitingBytes) return;
        body.push(`${JSON.stringify(line.record)}\n`);
      },
      ended,
    ).then((stream) => {
      streams.add(stream);
      if (body.destroyed) stream.close();
    });
  }
  return body;
}

function problem(status: number, error: string): UpstreamAnswer {
  return { status, type: 'application/json', body: Readable.from([`${JSON.stringify({ error })}\n`]) };
}
