{{/* Labels of every object. */}}
{{- define "smi-mesh.labels" -}}
app.kubernetes.io/name: smi-mesh
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: smi-mesh
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What finds the controller's pods; never changes, since a Deployment's selector cannot. */}}
{{- define "smi-mesh.controllerSelector" -}}
app.kubernetes.io/name: smi-mesh
app.kubernetes.io/component: controller
{{- end }}

{{- define "smi-mesh.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "smi-mesh.envoyImage" -}}
{{ .Values.envoyImage.repository }}{{ if .Values.envoyImage.digest }}@{{ .Values.envoyImage.digest }}{{ else }}:{{ .Values.envoyImage.tag }}{{ end }}
{{- end }}

{{/* Of a container that needs nothing of its node. */}}
{{- define "smi-mesh.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The settings of the controller: what other values imply, and over it what `config` says. */}}
{{- define "smi-mesh.config" -}}
{{ toYaml (mergeOverwrite (dict "injection" (dict "images" (dict "mesh" (include "smi-mesh.image" .) "envoy" (include "smi-mesh.envoyImage" .) "pullPolicy" .Values.image.pullPolicy) "cni" .Values.cni.enabled) "webhooks" (dict "certificates" (ternary "cert-manager" "self" .Values.certManager.enabled))) .Values.config) }}
{{- end }}

{{/* Of both webhooks that give pods sidecars. */}}
{{- define "smi-mesh.injection" -}}
admissionReviewVersions: [v1]
sideEffects: None
timeoutSeconds: 10
failurePolicy: {{ .Values.config.webhooks.injectionFailurePolicy }}
reinvocationPolicy: Never
matchConditions:
  # A static pod runs before the apiserver hears of it; nothing of it can be changed.
  - name: not-static
    expression: >-
      !has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)
rules:
  - operations: [CREATE]
    apiGroups: ['']
    apiVersions: [v1]
    resources: [pods]
    scope: Namespaced
clientConfig:
  service:
    namespace: {{ .Release.Namespace }}
    name: smi-mesh-webhook
    port: 443
    path: /inject
{{- end }}

{{/* The cluster itself and the control plane run without sidecars, also while no webhook answers. */}}
{{- define "smi-mesh.neverInjected" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: [kube-system, kube-public, kube-node-lease, {{ .Release.Namespace }}]
{{- end }}
