{{/* Context: the root. */}}
{{- define "operator.resources" -}}
{{- $name := printf "%s-operator" (include "cartwright.fullname" .) }}
{{- $internal := include "cartwright.keysSecret" (dict "root" . "purpose" "internal-token") }}
{{- $session := include "cartwright.keysSecret" (dict "root" . "purpose" "session") }}
{{- $labels := dict "root" . "part" "operator" }}
{{- $env := include "operator.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "operator" "values" .Values.operator "env" $env "config" $env "serves" false "token" true) }}
---
# Exactly what it does, in this namespace alone.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
rules:
  - { apiGroups: [cartwright.dev], resources: [cartplatforms, outboxreplays], verbs: [list, watch] }
  - { apiGroups: [cartwright.dev], resources: [cartplatforms/status, outboxreplays/status], verbs: [patch] }
  - { apiGroups: [apps], resources: [deployments], verbs: [list, watch] }
  - { apiGroups: [apps], resources: [deployments/scale], resourceNames: [{{ include "cartwright.fullname" . }}-outbox-relay], verbs: [patch] }
  - { apiGroups: [""], resources: [pods], verbs: [list, watch] }
  - { apiGroups: [batch], resources: [jobs], verbs: [list, watch, create] }
  {{- if include "cartwright.rotates" . }}
  - { apiGroups: [""], resources: [secrets], resourceNames: [{{ $internal }}, {{ $session }}], verbs: [get, patch] }
  {{- end }}
  - { apiGroups: [events.k8s.io], resources: [events], verbs: [create] }
  - { apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create] }
  - { apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [{{ $name }}], verbs: [get, update] }
{{- $lease := lookup "coordination.k8s.io/v1" "Lease" .Release.Namespace $name }}
{{- /* Helm takes over no object that is there: one that an operator made stays until it is deleted. */}}
{{- if or (not $lease) (eq (dig "metadata" "annotations" "meta.helm.sh/release-name" "" $lease) .Release.Name) }}
---
# By which one operator leads, who fills it in. Of the release, so that it goes with it.
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }} }
subjects: [{ kind: ServiceAccount, name: {{ $name }}, namespace: {{ .Release.Namespace }} }]
---
apiVersion: cartwright.dev/v1alpha1
kind: CartPlatform
metadata:
  name: {{ include "cartwright.fullname" . }}
  labels: {{- include "cartwright.labels" (dict "root" . "part" "platform") | nindent 4 }}
spec:
  shards: {{ .Values.cart.shards }}
  relays:
    deployment: {{ include "cartwright.fullname" . }}-outbox-relay
    min: {{ .Values.operator.relays.min }}
    max: {{ .Values.operator.relays.max }}
    scaleDownSeconds: {{ .Values.operator.relays.scaleDownSeconds }}
  {{- if include "cartwright.rotates" . }}
  {{- $life := ((.Values.gateway.env).ACCESS_TOKEN_TTL_SECONDS) | default 900 }}
  # A key stays accepted as long as what it has signed is valid. Refresh tokens need it for their grace alone.
  keys:
    - { secret: {{ $internal }}, everyHours: {{ .Values.operator.keys.everyHours }}, overlapSeconds: 300 }
    - { secret: {{ $session }}, everyHours: {{ .Values.operator.keys.everyHours }}, overlapSeconds: {{ max 60 (int $life) }} }
  {{- else }}
  keys: []
  {{- end }}
{{- end -}}

{{- define "operator.env" -}}
- { name: RELEASE, value: {{ .Release.Name | quote }} }
- { name: LEASE_NAME, value: {{ include "cartwright.fullname" . }}-operator }
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
{{- end -}}
