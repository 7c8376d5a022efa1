{{/* Context: the root. */}}
{{- define "catalog-stub.resources" -}}
{{- include "cartwright.service" (dict "root" . "part" "catalog-stub" "values" (index .Values "catalog-stub") "env" "" "config" "" "serves" true) }}
{{- end -}}
