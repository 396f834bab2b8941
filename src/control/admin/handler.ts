import type { ObjectKey } from '../../diagnostics/origin.ts';
import { percentDecoded } from '../../lib/percent-encoding.ts';
import { json, problem } from './answers.ts';
import { carriersReport } from './carriers.ts';
import type { AdminAnswer, AdminHandler, AdminPages, AdminRequest } from './contract.ts';
import { diffReport } from './diff.ts';
import { proxyReport } from './reports.ts';
import type { AdminSource } from './source.ts';
import { rolloutReport, waitForProxies } from './wait.ts';

const maxWaitMillis = 60_000;
const defaultWaitMillis = 30_000;
const maxWaiting = 32;
const maxObjects = 50;

const plain = 'text/plain; charset=utf-8';
const pages =
  '/carriers /directory /ejections /healthz /locate /metrics /proxies /proxies/NODE /diff/NODE /rollouts /targets /traffic /wait\n';

/**
 * What a control plane tells of itself, whatever carries requests to it: `/proxies`, `/proxies/NODE`, `/diff/NODE`,
 * `/rollouts`, `/targets`, `/locate?object=OBJECT&path=FIELD`, `/carriers?object=KIND/NAMESPACE/NAME`, `/metrics`, `/healthz`, and
 * `/wait?object=KIND/NAMESPACE/NAME&timeout=MILLISECONDS`, which answers when every proxy has what the files say now, or the time is over. `more` are the pages of other parts, with all that is below them.
 */
export function createAdminHandler(source: AdminSource, more: AdminPages = {}): AdminHandler {
  let waiting = 0;
  const wait = async ({ query, gone }: AdminRequest): Promise<AdminAnswer> => {
    const objects = query.getAll('object');
    const timeoutMillis = Number(query.get('timeout') ?? defaultWaitMillis);
    if (!(timeoutMillis >= 0 && timeoutMillis <= maxWaitMillis)) {
      return problem(400, `timeout must be milliseconds up to ${maxWaitMillis}`);
    }
    if (objects.length > maxObjects) return problem(400, `more than ${maxObjects} objects`);
    if (waiting >= maxWaiting) return problem(429, 'too many wait already');
    waiting += 1;
    try {
      return json(await waitForProxies(source, { objects, timeoutMillis, gone }));
    } finally {
      waiting -= 1;
    }
  };
  return async (request) => {
    if (request.method !== 'GET') return problem(405, 'only GET');
    const [, page = '', ...rest] = request.path.split('/');
    if (Object.hasOwn(more, page)) return more[page]!(request);
    const node = percentDecoded(rest.join('/'));
    if (page === 'wait' && node === '') return wait(request);
    if (page === 'locate' && node === '') return locate(source, request.query);
    if (page === 'carriers' && node === '') return json(carriersReport(source, request.query.get('object') ?? ''));
    return (node === '' ? whole(source, page) : ofNode(source, page, node)) ?? problem(404, pages.trimEnd());
  };
}

/** Where a field of an object stands; an empty answer where that is nowhere in files. */
function locate(source: AdminSource, query: URLSearchParams): AdminAnswer {
  const object = (query.get('object') ?? '') as ObjectKey;
  const location = source.locate({ object, path: query.get('path') ?? '' });
  return json(location === undefined ? {} : { location });
}

function whole(source: AdminSource, page: string): AdminAnswer | undefined {
  switch (page) {
    case 'healthz':
      return { status: 200, type: plain, body: 'ok\n' };
    case 'metrics':
      return { status: 200, type: 'text/plain; version=0.0.4', body: source.metrics() };
    case 'proxies': {
      const proxies = source.proxies().map((proxy) => proxyReport(source, proxy));
      const connected = new Set(proxies.map(({ node }) => node));
      return json({ proxies, absent: source.workloads().filter((workload) => !connected.has(workload)) });
    }
    case 'targets':
      return json({ targets: source.tapTargets() });
    case 'rollouts': {
      const { rollouts } = source.rollouts;
      return json({ rollouts: rollouts.map((each) => rolloutReport(each, source.rollouts.missing(each.id))) });
    }
    default:
      return undefined;
  }
}

function ofNode(source: AdminSource, page: string, node: string): AdminAnswer | undefined {
  if (page !== 'proxies' && page !== 'diff') return undefined;
  const streams = source.proxiesOf(node);
  if (streams.length === 0) return problem(404, `no proxy of ${node} is connected`);
  if (page === 'diff') return json({ proxies: streams.map((proxy) => diffReport(source, proxy)) });
  return json({
    proxies: streams.map((proxy) => ({
      ...proxyReport(source, proxy),
      resources: proxy.types.flatMap(({ typeUrl, acked }) =>
        [...acked].map(([resource, version]) => ({ typeUrl, resource, version })),
      ),
    })),
  });
}
