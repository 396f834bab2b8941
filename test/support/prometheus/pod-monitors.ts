/** What is read of a PodMonitor. */
export interface PodMonitor {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly namespaceSelector?: { readonly any?: boolean };
    readonly podMetricsEndpoints: readonly Endpoint[];
  };
}

interface Endpoint {
  /** Name of a container's port. */
  readonly port?: string;
  readonly path: string;
  readonly interval: string;
  readonly relabelings?: readonly Relabeling[];
}

interface Relabeling {
  readonly sourceLabels: readonly string[];
  readonly regex: string;
  readonly action?: string;
  readonly targetLabel?: string;
  readonly replacement?: string;
}

/**
 * The jobs that the operator of Prometheus (0.85) makes of a PodMonitor, in its order of relabeling. Debian's Prometheus is built without
 * Kubernetes: pods are asked for at `discovery`, those of one namespace or all. Throws for a field that would be passed over.
 */
export function scrapeJobs(
  { metadata: { namespace, name }, spec }: PodMonitor,
  discovery: (namespace?: string) => string,
): readonly object[] {
  const { selector, namespaceSelector = {}, podMetricsEndpoints, ...others } = spec;
  const { matchLabels = {}, ...otherSelectors } = selector;
  const { any = false, ...otherNamespaces } = namespaceSelector;
  nothingOf({ ...others, ...otherSelectors, ...otherNamespaces });
  const selected = Object.entries(matchLabels).map(([label, value]) => {
    const sanitized = label.replace(/[^a-zA-Z0-9_]/g, '_');
    return keep([`${pod}_label_${sanitized}`, `${pod}_labelpresent_${sanitized}`], `(${value});true`);
  });
  return podMetricsEndpoints.map(({ port, path, interval, relabelings = [], ...unread }, index) => {
    nothingOf(unread);
    return {
      job_name: `podMonitor/${namespace}/${name}/${index}`,
      honor_labels: false,
      scrape_interval: interval,
      metrics_path: path,
      http_sd_configs: [{ url: discovery(any ? undefined : namespace), refresh_interval: '5s' }],
      relabel_configs: [
        { source_labels: [`${pod}_phase`], regex: '(Failed|Succeeded)', action: 'drop' },
        ...selected,
        ...(port === undefined ? [] : [keep([`${pod}_container_port_name`], port)]),
        { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
        { source_labels: [`${pod}_container_name`], target_label: 'container' },
        { source_labels: [`${pod}_name`], target_label: 'pod' },
        { target_label: 'job', replacement: `${namespace}/${name}` },
        ...(port === undefined ? [] : [{ target_label: 'endpoint', replacement: port }]),
        ...relabelings.map(relabeled),
      ],
    };
  });
}

const pod = '__meta_kubernetes_pod';

function keep(labels: readonly string[], regex: string) {
  return { source_labels: labels, regex, action: 'keep' };
}

function relabeled({ sourceLabels, regex, action, targetLabel, replacement, ...unread }: Relabeling): object {
  nothingOf(unread);
  return {
    source_labels: sourceLabels,
    regex,
    ...(action === undefined ? {} : { action: action.toLowerCase() }),
    ...(targetLabel === undefined ? {} : { target_label: targetLabel }),
    ...(replacement === undefined ? {} : { replacement }),
  };
}

function nothingOf(unread: object): void {
  const names = Object.keys(unread);
  if (names.length > 0) throw new Error(`a PodMonitor has ${names.join(', ')}, which no job is made of`);
}
