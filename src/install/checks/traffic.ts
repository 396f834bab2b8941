import { podAnnotations } from '../../kubernetes/names.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { at, itemsOf, metadataOf } from '../kinds.ts';
import { type Check, type CheckResult, notRead, reporter } from './result.ts';
import { listed, type RunningPod, runningPods } from './sidecars.ts';

const report = reporter('traffic');

/** Which Services pods without a sidecar cannot call at strict ports, and what goes past the sidecars. */
export const checkTraffic: Check = async ({ connection, namespace }) => {
  const [services, podList, policyList] = await Promise.all([
    connection.get('/api/v1/services'),
    connection.get('/api/v1/pods'),
    connection.get('/apis/policy.smi-mesh.io/v1alpha1/trafficpolicies'),
  ]);
  if (!services.ok) return notRead(report, services.error);
  if (!podList.ok) return notRead(report, podList.error);
  if (!policyList.ok && policyList.error.status !== 404) return notRead(report, policyList.error);
  const policies = policyList.ok ? itemsOf(policyList.value) : [];
  const pods = runningPods(podList.value, namespace);
  const results = [
    ...itemsOf(services.value).flatMap((service) => strictness(service, pods, policies)),
    ...exclusions(pods.filter(({ meshed }) => meshed)),
  ];
  return results.length > 0 ? results : [report.ok('every caller of a meshed Service has a sidecar')];
};

function strictness(service: Fields, pods: readonly RunningPod[], policies: readonly Fields[]): readonly CheckResult[] {
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
  const who = near.length > 0 ? `in its namespace ${listed(near)}` : listed(callers.map((pod) => pod.title));
  const refused = `${callers.length} pods without a sidecar, ${who}`;
  const policy = permitting(service, policies);
  if (policy !== undefined) {
    const message = `${title}: strict mutual TLS would refuse ${refused}; TrafficPolicy ${policy} lets them in`;
    return [...mixed, report.warning(message, 'Give them sidecars before it becomes strict.')];
  }
  const hint = `Give callers sidecars, or let a TrafficPolicy for it say \`tls: permissive\` until they have them.`;
  return [...mixed, report.warning(`${title}: strict mutual TLS refuses ${refused}`, hint)];
}

/** The policy by which plain callers get in at all ports; of those that say a mode the most specific one decides. */
function permitting(service: Fields, policies: readonly Fields[]): string | undefined {
  const { name, namespace } = metadataOf(service);
  const levels = [
    ['Service', namespace, name],
    ['Namespace', namespace, undefined],
    ['Mesh', undefined, undefined],
  ] as const;
  for (const [kind, where, target] of levels) {
    const saying = policies.filter((policy) => {
      const own = where === undefined || metadataOf(policy).namespace === where;
      const refs = itemsOf({ items: at(policy, 'spec', 'targetRefs') });
      const meant = refs.some((ref) => ref.kind === kind && (target === undefined || ref.name === target));
      return own && meant && at(policy, 'spec', 'tls', 'mode') !== undefined;
    });
    if (saying.length === 0) continue;
    const open = saying.every((policy) => {
      const { mode, ports } = at(policy, 'spec', 'tls') as Fields;
      return mode !== 'strict' && ports === undefined;
    });
    return open
      ? saying.map((policy) => `${metadataOf(policy).namespace}/${metadataOf(policy).name}`).join(', ')
      : undefined;
  }
  return undefined;
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
      report.warning(`${annotation} lets traffic past the sidecar of ${listed(having.map(({ title }) => title))}`),
    ];
  });
}
