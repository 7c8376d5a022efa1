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
{{- range $part := list "redis" "rabbitmq" }}
{{- $values := index $.Values $part }}
{{- if and $values.external.url $values.external.existingSecret }}{{ fail (printf "%s.external: give url or existingSecret, not both" $part) }}{{ end }}
{{- if not (or $values.enabled $values.external.url $values.external.existingSecret) }}
{{- fail (printf "%s.enabled=false needs somebody else's: set %s.external.url or %s.external.existingSecret" $part $part $part) }}
{{- end }}
{{- end }}
{{- $catalog := index .Values "catalog-stub" }}
{{- if not (or $catalog.enabled $catalog.url) }}{{ fail "catalog-stub.enabled=false needs your own catalog: set catalog-stub.url" }}{{ end }}
{{- end -}}
