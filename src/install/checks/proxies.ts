import { type Check, type CheckResult, reporter } from './result.ts';
import { listed } from './sidecars.ts';
import type { ProxyStanding } from './standing.ts';

const report = reporter('proxies');
/** What is on its way for longer does not arrive. */
const patienceMillis = 10_000;

export const checkProxies: Check = async ({ proxies: ask, now }) => {
  if (ask === undefined) return [];
  const answer = await ask();
  if (!answer.ok) return [report.skipped(answer.error, 'It takes the right to create `pods/portforward`.')];
  const { proxies, absent } = answer.value;
  const late = proxies.filter(({ state, since = now }) => state === 'waiting' && now - since > patienceMillis);
  const synced = proxies.filter(({ state }) => state === 'synced').length;
  return [
    proxies.length === 0
      ? report.ok('no proxy is connected')
      : report.ok(`${synced} of ${proxies.length} proxies have taken all of their configuration`),
    ...refusals(proxies),
    ...named('proxies that lack configuration for longer than 10 s', late, 'smi-cli proxies --context'),
    ...named(
      'sidecars that are connected to no replica',
      absent.map((node) => ({ node })),
      'Look at their logs: kubectl logs POD --container smi-mesh-proxy (or smi-mesh-agent).',
    ),
  ];
};

/** Each refusal once, however many proxies refuse the resource. */
function refusals(proxies: readonly ProxyStanding[]): readonly CheckResult[] {
  const byCause = new Map<string, { readonly nodes: string[]; readonly hint: string }>();
  for (const { node, refused } of proxies) {
    for (const { resource, detail, diagnostic } of refused) {
      const cause = diagnostic === undefined ? `${resource}: ${detail}` : diagnostic.message;
      const known = byCause.get(cause) ?? { nodes: [], hint: diagnostic?.hint ?? 'smi-cli proxies --context' };
      known.nodes.push(node);
      byCause.set(cause, known);
    }
  }
  return [...byCause].map(([cause, { nodes, hint }]) =>
    report.error(`${listed([...new Set(nodes)])} refused configuration: ${cause}`, hint),
  );
}

function named(what: string, found: readonly { readonly node: string }[], hint: string): readonly CheckResult[] {
  return found.length === 0 ? [] : [report.warning(`${what}: ${listed(found.map(({ node }) => node))}`, hint)];
}
