import { ask, parseMetrics } from '../../control/local/metrics-scrape.ts';

const admin = '127.0.0.1';
const counted: ReadonlySet<string> = new Set(['smi_requests_total', 'smi_tcp_connections_total']);
const envoyStats = '^(http|tcp)\\.inbound/.*\\.downstream_(rq|cx)_total$';

/** Requests and connections that came in through our proxy so far; nothing while it does not answer. */
export async function proxyArrivals(): Promise<number | undefined> {
  const text = await ask(admin, '/metrics');
  if (text === undefined) return undefined;
  return parseMetrics(text)
    .filter(({ name, labels }) => counted.has(name) && labels.direction === 'inbound')
    .reduce((sum, { value }) => sum + value, 0);
}

/** The same of an Envoy. */
export async function envoyArrivals(): Promise<number | undefined> {
  const text = await ask(admin, `/stats?filter=${encodeURIComponent(envoyStats)}`);
  if (text === undefined) return undefined;
  return [...text.matchAll(/: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}
