{{/*
A service's variables, each once: what the chart sets, and what the part's values add or set otherwise.
Context: as of cartwright.service.
*/}}
{{- define "cartwright.env" -}}
{{- $log := .values.logLevel | default .root.Values.logLevel }}
{{- $free := dict "LOG_LEVEL" $log "SHUTDOWN_DEADLINE_MS" "25000" }}
{{- $fixed := list (dict "name" "ADMIN_PORT" "value" "9090") }}
{{- if .serves }}
{{- $fixed = append $fixed (dict "name" "PORT" "value" "8080") }}
{{- /* At SIGTERM it serves on for so long, each answer being its connection's last: longer than clients keep
a connection that they do not use (ours 3 s, Node's own 4 or 5). */}}
{{- $_ := set $free "SHUTDOWN_DELAY_MS" "7000" }}
{{- end }}
{{- with .root.Values.telemetry }}{{ if .endpoint }}
{{- $fixed = append $fixed (dict "name" "OTEL_EXPORTER_OTLP_ENDPOINT" "value" .endpoint) }}
{{- $fixed = append $fixed (dict "name" "OTEL_TRACES_SAMPLER_ARG" "value" (toString .ratio)) }}
{{- end }}{{ end }}
{{- $theirs := .values.env | default dict }}
{{- $secret := .values.envFromSecret | default dict }}
{{- include "cartwright.checkEnv" (dict "root" .root "part" .part "env" $theirs "envFromSecret" $secret "set" (concat $fixed (.env | fromYamlArray))) -}}
{{ toYaml $fixed }}
{{- range $name, $_ := $secret }}{{ $_ := unset $free $name }}{{ end }}
{{- range $name, $value := merge (deepCopy $theirs) $free }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- range $name, $from := $secret }}
- { name: {{ $name }}, valueFrom: { secretKeyRef: { name: {{ $from.secret | quote }}, key: {{ $from.key | quote }} } } }
{{- end }}
{{- with .env }}
{{ . }}
{{- end }}
{{- end -}}

{{/*
Refuses variables in values that the chart sets itself, that the process does not know, and so would ignore, or that are
there twice. Context: dict root, part, env and envFromSecret (by name), set (what the chart sets, a list of dict name).
*/}}
{{- define "cartwright.checkEnv" -}}
{{- $part := .part }}{{ $set := list }}
{{- range .set }}{{ $set = append $set .name }}{{ end }}
{{- $known := get (.root.Files.Get "files/variables.yaml" | fromYaml) $part }}
{{- /* Read by Node and by the exporter of spans. */}}
{{- $known = concat $known (list "NODE_EXTRA_CA_CERTS" "NODE_OPTIONS" "OTEL_EXPORTER_OTLP_HEADERS" "TZ" "UV_THREADPOOL_SIZE") }}
{{- range $field, $variables := pick . "env" "envFromSecret" }}
{{- range $name, $_ := $variables }}
{{- $at := printf "%s.%s.%s" $part $field $name }}
{{- if has (trimSuffix "_FILE" $name) $set }}
{{- fail (printf "%s: the chart sets this variable itself, from other values" $at) }}
{{- end }}
{{- if not (or (has $name $known) (has (trimSuffix "_FILE" $name) $known)) }}
{{- fail (printf "%s: %s knows no such variable, and would ignore it; it knows %s" $at $part (join ", " $known)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $_ := .envFromSecret }}
{{- if hasKey $.env $name }}{{ fail (printf "%s: %s is in env and in envFromSecret; keep one" $part $name) }}{{ end }}
{{- end }}
{{- end -}}
