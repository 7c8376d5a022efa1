{{/* The ways in from outside the cluster, both off by default. Context: the root. */}}
{{- define "gateway.routes" -}}
{{- $name := printf "%s-gateway" (include "cartwright.fullname" .) }}
{{- $labels := dict "root" . "part" "gateway" }}
{{- $port := .Values.gateway.service.port }}
{{- with .Values.gateway.ingress }}
{{- if .enabled }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .tls }}
  tls: {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - {{- with .host }}
      host: {{ . | quote }}
      {{- end }}
      http:
        paths:
          - path: /api
            pathType: Prefix
            backend: { service: { name: {{ $name }}, port: { number: {{ $port }} } } }
{{- end }}
{{- end }}
{{- with .Values.gateway.httpRoute }}
{{- if .enabled }}
{{- if not .parentRefs }}{{ fail "gateway.httpRoute.enabled=true needs gateway.httpRoute.parentRefs: the Gateways that the route belongs to" }}{{ end }}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  parentRefs: {{- toYaml .parentRefs | nindent 4 }}
  {{- with .hostnames }}
  hostnames: {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches: [{ path: { type: PathPrefix, value: /api } }]
      backendRefs: [{ name: {{ $name }}, port: {{ $port }} }]
{{- end }}
{{- end }}
{{- end -}}
