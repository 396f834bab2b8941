import { podAnnotations } from '../../kubernetes/names.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { at, itemsOf, metadataOf } from '../kinds.ts';
import { type Check, type CheckResult, notRead, reporter } from './result.ts';
import { listing, type RunningPod, runningPods } from './sidecars.ts';

const report = reporter('traffic');

/** Which Services pods without a sidecar cannot call at strict ports, and what goes past the sidecars. */
export const checkTraffic: Check = async ({ connection, namespace }) => {
  const [services, podList] = await Promise.all([connection.get('/api/v1/services'), connection.get('/api/v1/pods')]);
  if (!services.ok) return notRead(report, services.error);
  if (!podList.ok) return notRead(report, podList.error);
  const pods = runningPods(podList.value, namespace);
  const results = [
    ...itemsOf(services.value).flatMap((service) => strictness(service, pods)),
    ...exclusions(pods.filter(({ meshed }) => meshed)),
  ];
  return results.length > 0 ? results : [report.ok('every caller of a meshed Service has a sidecar')];
};

function strictness(service: Fields, pods: readonly RunningPod[]): readonly CheckResult[] {
  const { name, namespace } = metadataOf(service);
  const selector = at(service, 'spec', 'selector');
  if (!isRecord(selector) || Object.keys(selector).length === 0) return [];
  const own = pods.filter(
    (pod) => pod.namespace === namespace && Object.entries(selector).every(([key, value]) => pod.labels[key] === value),
  );
  const meshed = own.filter((pod) => pod.meshed);
  if (meshed.length === 0) return [];
  const title = `Service ${namespace}/${name}`;
  const mixed =
    meshed.length === own.length
      ? []
      : [
          report.warning(
            `${title}: ${own.length - meshed.length} of its ${own.length} pods have no sidecar and decide nothing`,
            'kubectl rollout restart their Deployments.',
          ),
        ];
  const callers = pods.filter((pod) => !pod.meshed && !own.includes(pod));
  if (callers.length === 0) return mixed;
  const near = callers.filter((pod) => pod.namespace === namespace).map((pod) => pod.title);
  const who = near.length > 0 ? `, in its namespace ${listing(near)}` : '';
  const message = `${title}: strict mutual TLS refuses ${callers.length} pods without a sidecar${who}`;
  const hint = `Give callers sidecars, or let a TrafficPolicy for it say \`tls: permissive\` until they have them.`;
  return [...mixed, report.warning(message, hint)];
}

const excluding = [
  podAnnotations.excludeInboundPorts,
  podAnnotations.excludeOutboundPorts,
  podAnnotations.excludeOutboundRanges,
  podAnnotations.includeOutboundRanges,
  podAnnotations.excludeUids,
] as const;

function exclusions(meshed: readonly RunningPod[]): readonly CheckResult[] {
  return excluding.flatMap((annotation) => {
    const having = meshed.filter(({ object }) => at(object, 'metadata', 'annotations', annotation) !== undefined);
    if (having.length === 0) return [];
    return [
      report.warning(`${annotation} lets traffic past the sidecar of ${listing(having.map(({ title }) => title))}`),
    ];
  });
}
