import { sidecarContainers, sidecarPorts, systemNamespace } from '../../src/kubernetes/names.ts';

const interval = '15s';
const sidecars = `${sidecarContainers.proxy}|${sidecarContainers.agent}`;
/** A sidecar's container declares no port; the address is that of its pod. IPv6 addresses have colons, and want brackets. */
const addresses = [
  { from: '([^:]+)', to: `$1:${sidecarPorts.metrics}` },
  { from: '(.*:.*)', to: `[$1]:${sidecarPorts.metrics}` },
] as const;

/** Settings of a Prometheus without an operator: what to scrape in a cluster. */
export function scrapeConfig(): object {
  return {
    scrape_configs: [
      {
        job_name: 'smi-mesh-proxies',
        scrape_interval: interval,
        kubernetes_sd_configs: [{ role: 'pod' }],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_pod_container_name'], regex: sidecars, action: 'keep' },
          ...addresses.map(({ from, to }) => ({
            source_labels: ['__meta_kubernetes_pod_ip'],
            regex: from,
            target_label: '__address__',
            replacement: to,
          })),
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
      {
        job_name: 'smi-mesh-controller',
        scrape_interval: interval,
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [systemNamespace] } }],
        relabel_configs: [
          {
            source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_component'],
            regex: 'controller',
            action: 'keep',
          },
          { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'http', action: 'keep' },
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
    ],
  };
}

/** The same for the operator of Prometheus: what a PodMonitor of the sidecars has of a target. */
export const sidecarRelabelings: readonly object[] = [
  { action: 'keep', sourceLabels: ['__meta_kubernetes_pod_container_name'], regex: sidecars },
  ...addresses.map(({ from, to }) => ({
    sourceLabels: ['__meta_kubernetes_pod_ip'],
    regex: from,
    targetLabel: '__address__',
    replacement: to,
  })),
];
