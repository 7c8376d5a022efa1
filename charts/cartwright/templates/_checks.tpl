{{/* What is wrong with the values as a whole, each in a sentence that names the way on. */}}
{{- define "cartwright.checks" -}}
{{- $external := .Values.database.external }}
{{- if not (has .Values.database.kind (list "sqlserver" "postgres")) }}
{{- fail (printf "database.kind=%s is not known: it is sqlserver or postgres" .Values.database.kind) }}
{{- end }}
{{- if and (eq (include "cartwright.runs" (dict "root" . "part" "sqlserver")) "true") (not .Values.sqlserver.acceptEula) }}
{{- fail "SQL Server needs your word on its licence: set sqlserver.acceptEula=true (amd64 nodes only), or choose PostgreSQL with --set database.kind=postgres" }}
{{- end }}
{{- range $server := list "database" "redis" "rabbitmq" }}
{{- include "cartwright.checkExternal" (dict "server" $server "external" (index $.Values $server).external) }}
{{- end }}
{{- range $part := list "redis" "rabbitmq" }}
{{- $values := index $.Values $part }}
{{- if not (or $values.enabled $values.external.url $values.external.existingSecret) }}
{{- fail (printf "%s.enabled=false needs somebody else's: set %s.external.url or %s.external.existingSecret" $part $part $part) }}
{{- end }}
{{- end }}
{{- $part := index .Values .Values.database.kind }}
{{- if not (or $part.enabled $external.url $external.existingSecret) }}
{{- fail (printf "%s.enabled=false needs somebody else's: set database.external.url or database.external.existingSecret" .Values.database.kind) }}
{{- end }}
{{- if eq (include "cartwright.runs" (dict "root" . "part" "sqlserver")) "true" }}{{ include "cartwright.checkNodes" . }}{{ end }}
{{- include "cartwright.checkVolumes" . }}
{{- if and .Values.gateway.enabled (not .Values.cart.enabled) }}{{ fail "cart.enabled=false leaves the gateway no carts to ask for: set gateway.enabled=false too" }}{{ end }}
{{- if and .Values.operator.enabled (not (index .Values "outbox-relay").enabled) }}
{{- fail "outbox-relay.enabled=false leaves the operator no relays to look after: set operator.enabled=false too" }}
{{- end }}
{{- if and .Values.operator.enabled (gt (int .Values.operator.relays.min) (int .Values.operator.relays.max)) }}
{{- fail (printf "operator.relays.min=%v is more than operator.relays.max=%v" .Values.operator.relays.min .Values.operator.relays.max) }}
{{- end }}
{{- range $part := list "gateway" "cart" }}
{{- $values := index $.Values $part }}
{{- with $values.autoscaling }}{{ if and $values.enabled .enabled (gt (int .min) (int .max)) }}
{{- fail (printf "%s.autoscaling.min=%v is more than %s.autoscaling.max=%v" $part .min $part .max) }}
{{- end }}{{ end }}
{{- end }}
{{- include "cartwright.checkKinds" . }}
{{- if ge (int .Values.cart.expiringNoticeSeconds) (int .Values.cart.ttlSeconds) }}
{{- fail (printf "cart.expiringNoticeSeconds=%d would tell of each cart at each change: it must be less than cart.ttlSeconds=%d" (int .Values.cart.expiringNoticeSeconds) (int .Values.cart.ttlSeconds)) }}
{{- end }}
{{- $catalog := index .Values "catalog-stub" }}
{{- if not (or $catalog.enabled $catalog.url) }}{{ fail "catalog-stub.enabled=false needs your own catalog: set catalog-stub.url" }}{{ end }}
{{- end -}}

{{/* What somebody else's server is named by. Context: dict server, external. */}}
{{- define "cartwright.checkExternal" -}}
{{- $server := .server }}{{ $external := .external }}
{{- if and $external.url $external.existingSecret }}{{ fail (printf "%s.external: give url or existingSecret, not both" $server) }}{{ end }}
{{- range $field := list "caSecret" "appRole" }}
{{- if and (get $external $field) (not (or $external.url $external.existingSecret)) }}
{{- fail (printf "%s.external.%s is for a server of somebody else's: set %s.external.url or %s.external.existingSecret" $server $field $server $server) }}
{{- end }}
{{- end }}
{{- range $field, $entry := dict "ownerUrl" "owner-url" "gatewayUrl" "gateway-url" }}
{{- if and (get $external $field) (not $external.url) }}
{{- fail (printf "%s.external.%s is beside %s.external.url, which is not set; in a Secret (%s.external.existingSecret) it is the entry %s" $server $field $server $server $entry) }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
Kinds that come with somebody's CRDs, where the release asks for them and a cluster answers: only a cluster names its
kinds, `helm template` alone knows of groups.
*/}}
{{- define "cartwright.checkKinds" -}}
{{- $kinds := .Capabilities.APIVersions }}
{{- if $kinds.Has "apps/v1/Deployment" }}
{{- $monitoring := "install the Prometheus operator's CRDs first" }}
{{- if and .Values.monitoring.serviceMonitor.enabled (not ($kinds.Has "monitoring.coreos.com/v1/ServiceMonitor")) }}
{{- fail (printf "monitoring.serviceMonitor.enabled=true: the cluster knows no ServiceMonitor: %s" $monitoring) }}
{{- end }}
{{- if and .Values.monitoring.rules.enabled (not ($kinds.Has "monitoring.coreos.com/v1/PrometheusRule")) }}
{{- fail (printf "monitoring.rules.enabled=true: the cluster knows no PrometheusRule: %s" $monitoring) }}
{{- end }}
{{- if and .Values.gateway.enabled .Values.gateway.httpRoute.enabled (not ($kinds.Has "gateway.networking.k8s.io/v1/HTTPRoute")) }}
{{- fail "gateway.httpRoute.enabled=true: the cluster knows no HTTPRoute: install the Gateway API's CRDs first" }}
{{- end }}
{{- /* An install brings them itself. */}}
{{- if and .Release.IsUpgrade .Values.operator.enabled (not ($kinds.Has "cartwright.dev/v1alpha1/CartPlatform")) }}
{{- fail "operator.enabled=true: the cluster knows no CartPlatform, and Helm adds no kinds in an upgrade: kubectl apply --server-side -f charts/cartwright/charts/operator/crds" }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "cartwright.checkNodes" -}}
{{- if .Values.sqlserver.checkNodes }}
{{- $nodes := (lookup "v1" "Node" "" "").items | default list }}
{{- $amd64 := list }}
{{- range $nodes }}{{ if eq .status.nodeInfo.architecture "amd64" }}{{ $amd64 = append $amd64 .metadata.name }}{{ end }}{{ end }}
{{- if and $nodes (not $amd64) }}
{{- fail "SQL Server runs on amd64 alone and the cluster has no such node: choose PostgreSQL with --set database.kind=postgres, or name a SQL Server elsewhere in database.external.url" }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A database on an old volume has the old passwords. */}}
{{- define "cartwright.checkVolumes" -}}
{{- $secret := include "cartwright.credentials" . }}
{{- $part := .Values.database.kind }}
{{- if and (not .Values.credentials.existingSecret) (eq (include "cartwright.runs" (dict "root" . "part" $part)) "true") }}
{{- $claim := printf "data-%s-%s-0" (include "cartwright.fullname" .) $part }}
{{- if and (lookup "v1" "PersistentVolumeClaim" .Release.Namespace $claim) (not (lookup "v1" "Secret" .Release.Namespace $secret)) }}
{{- fail (printf "the volume %s of an earlier release is here, but its passwords, the Secret %s, are not: restore the Secret, or delete the volume with kubectl -n %s delete pvc %s" $claim $secret .Release.Namespace $claim) }}
{{- end }}
{{- end }}
{{- end -}}
