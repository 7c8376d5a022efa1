{{/* What is wrong with the values as a whole, each in a sentence that names the way on. */}}
{{- define "cartwright.checks" -}}
{{- $external := .Values.database.external }}
{{- if not (has .Values.database.kind (list "sqlserver" "postgres")) }}
{{- fail (printf "database.kind=%s is not known: it is sqlserver or postgres" .Values.database.kind) }}
{{- end }}
{{- if and (eq (include "cartwright.runs" (dict "root" . "part" "sqlserver")) "true") (not .Values.sqlserver.acceptEula) }}
{{- fail "SQL Server needs your word on its licence: set sqlserver.acceptEula=true (amd64 nodes only), or choose PostgreSQL with --set database.kind=postgres" }}
{{- end }}
{{- if and $external.url $external.existingSecret }}{{ fail "database.external: give url or existingSecret, not both" }}{{ end }}
{{- range $server := list "database" "redis" "rabbitmq" }}
{{- $theirs := (index $.Values $server).external }}
{{- if and $theirs.caSecret (not (or $theirs.url $theirs.existingSecret)) }}
{{- fail (printf "%s.external.caSecret is for a server of somebody else's: set %s.external.url or %s.external.existingSecret" $server $server $server) }}
{{- end }}
{{- end }}
{{- range $part := list "redis" "rabbitmq" }}
{{- $values := index $.Values $part }}
{{- if and $values.external.url $values.external.existingSecret }}{{ fail (printf "%s.external: give url or existingSecret, not both" $part) }}{{ end }}
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
{{- $catalog := index .Values "catalog-stub" }}
{{- if not (or $catalog.enabled $catalog.url) }}{{ fail "catalog-stub.enabled=false needs your own catalog: set catalog-stub.url" }}{{ end }}
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
