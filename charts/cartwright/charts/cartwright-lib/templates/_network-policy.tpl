{{/* The arrows of README's flow: who calls whom, and at which port of its pods. Context: the root. */}}
{{- define "cartwright.arrows" -}}
{{- $database := .Values.database.kind }}{{ $port := ternary 5432 1433 (eq $database "postgres") -}}
- [gateway, cart, 8080]
- [gateway, catalog-stub, 8080]
- [gateway, redis, 6379]
- [cart, catalog-stub, 8080]
- [cart, redis, 6379]
- [outbox-relay, redis, 6379]
- [outbox-relay, rabbitmq, 5672]
{{- range list "cart" "outbox-relay" "migrate" "outbox-replay" }}
- [{{ . }}, {{ $database }}, {{ $port }}]
{{- end }}
- [test, gateway, 8080]
- [test, rabbitmq, 5672]
{{- end -}}

{{/* Where a part's figures are: it may be scraped there. Context: the part's name. */}}
{{- define "cartwright.scrapePort" -}}
{{- if has . (list "gateway" "cart" "catalog-stub" "outbox-relay" "operator") }}9090{{ else if eq . "rabbitmq" }}15692{{ end -}}
{{- end -}}

{{/* The port of the collector's URL. Context: the URL. */}}
{{- define "cartwright.collectorPort" -}}
{{- $url := urlParse . -}}
{{ regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary 443 80 (eq $url.scheme "https")) }}
{{- end -}}

{{/*
The NetworkPolicy of one part: the arrows that begin or end at it, and no other connection.
Whoever is somebody else's lies anywhere. Context: dict root, part.
*/}}
{{- define "cartwright.networkPolicy" -}}
{{- $root := .root }}{{ $part := .part }}
{{- if $root.Values.networkPolicy.enabled }}
{{- $policy := $root.Values.networkPolicy }}
{{- $scrape := include "cartwright.scrapePort" $part }}
{{- $ours := has $part (list "gateway" "cart" "catalog-stub" "outbox-relay" "operator") }}
{{- $traces := and $ours $root.Values.telemetry.endpoint }}
{{- $outside := and (eq $part "gateway") $root.Values.gateway.jwt.jwksUrl }}
{{- $calls := list }}{{ $called := list }}
{{- range include "cartwright.arrows" $root | fromYamlArray }}
{{- if eq (index . 1) $part }}{{ $called = append $called . }}{{ end }}
{{- if eq (index . 0) $part }}
{{- if include "cartwright.runs" (dict "root" $root "part" (index . 1)) }}{{ $calls = append $calls . }}{{ else }}{{ $outside = true }}{{ end }}
{{- end }}
{{- end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "cartwright.fullname" $root }}-{{ $part }}
  labels: {{- include "cartwright.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "cartwright.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range $called }}
    - from: [{ podSelector: { matchLabels: {{ include "cartwright.selector" (dict "root" $root "part" (index . 0)) | fromYaml | toJson }} } }]
      ports: [{ port: {{ index . 2 }} }]
    {{- end }}
    {{- if eq $part "gateway" }}
    - ports: [{ port: 8080 }]
      {{- with $policy.gatewayFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if $scrape }}
    - ports: [{ port: {{ $scrape }} }]
      from:
        {{- if $ours }}
        - podSelector: { matchLabels: {{ include "cartwright.selector" (dict "root" $root "part" "operator") | fromYaml | toJson }} }
        {{- end }}
        {{- with $policy.scrapeFrom }}{{ toYaml . | nindent 8 }}{{ else }}
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
        {{- end }}
    {{- end }}
    {{- if eq $part "cart" }}
    - ports: [{ port: 8080 }]
      from: [{ podSelector: { matchLabels: {{ toJson $policy.orderServiceLabels }} } }]
    {{- end }}
    {{- if eq $part "rabbitmq" }}
    - ports: [{ port: 5672 }]
      from: [{ podSelector: { matchLabels: {{ toJson $policy.consumerLabels }} } }]
    {{- end }}
  egress:
    {{- if or $calls $outside $traces (eq $part "operator") }}
    - ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
      to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }]
    {{- end }}
    {{- range $calls }}
    - to: [{ podSelector: { matchLabels: {{ include "cartwright.selector" (dict "root" $root "part" (index . 1)) | fromYaml | toJson }} } }]
      ports: [{ port: {{ index . 2 }} }]
    {{- end }}
    {{- if eq $part "operator" }}
    - to: [{ podSelector: { matchLabels: { app.kubernetes.io/instance: {{ $root.Release.Name }}, app.kubernetes.io/part-of: cartwright } } }]
      ports: [{ port: 9090 }]
    # The API server: nobody knows its address beforehand.
    - ports: [{ port: 443 }, { port: 6443 }]
    {{- end }}
    {{- if $traces }}
    - ports: [{ port: {{ include "cartwright.collectorPort" $traces }} }]
      to:
        {{- with $policy.collectorTo }}{{ toYaml . | nindent 8 }}{{ else }}
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
        {{- end }}
    {{- end }}
    {{- if $outside }}
    - to: [{ ipBlock: { cidr: 0.0.0.0/0 } }, { ipBlock: { cidr: "::/0" } }]
    {{- end }}
{{- end }}
{{- end -}}
