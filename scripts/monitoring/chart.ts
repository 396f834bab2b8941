import { stringify } from 'yaml';
import { ruleGroups } from './rules.ts';
import { sidecarRelabelings } from './scrape.ts';

const head = (name: string, value: string) => `  name: ${name}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "smi-mesh.labels" . | nindent 4 }}
    {{- with .Values.monitoring.${value}.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}`;

/** Objects of the operator of Prometheus, as a template of the chart; each is made only where the values say so. */
export function chartTemplate(): string {
  return `{{/* Written by scripts/monitoring.ts. */}}
{{- if .Values.monitoring.rules.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
${head('smi-mesh', 'rules')}
spec:
  groups:
${indented(escaped(yaml(ruleGroups)), 4)}
---
{{- end }}
{{- if .Values.monitoring.scrape.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
${head('smi-mesh-proxies', 'scrape')}
spec:
  # Sidecars have no label of their own: they are told by the name of their container.
  selector: {}
  namespaceSelector:
    any: true
  podMetricsEndpoints:
    - path: /metrics
      interval: {{ .Values.monitoring.scrape.interval }}
      relabelings:
${indented(yaml(sidecarRelabelings), 8)}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
${head('smi-mesh-controller', 'scrape')}
spec:
  selector:
    matchLabels:
      {{- include "smi-mesh.controllerSelector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: http
      path: /metrics
      interval: {{ .Values.monitoring.scrape.interval }}
{{- end }}
`;
}

export function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** What Prometheus is to fill in stands in braces that Helm would take for its own. */
function escaped(text: string): string {
  return text.replaceAll(/\{\{|\}\}/g, (braces) => `{{ "${braces}" }}`);
}

function indented(text: string, width: number): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, ' '.repeat(width));
}
