{{/*
The generated credentials, base64 by key. What the cluster has already is kept; the rest is made once in a rendering and
remembered in .Values, so that the Secret and the checksums of its readers see the same. Context: the root.
*/}}
{{- define "cartwright.generated" -}}
{{- if not (hasKey .Values.credentials "generated") }}
{{- $data := (lookup "v1" "Secret" .Release.Namespace (include "cartwright.credentials" .)).data | default dict }}
{{- range $key := list "internal-token-secret" "session-secret" "redis-cart" "redis-relay" "redis-gateway" "postgres-admin" "database-app" "rabbitmq-admin" "rabbitmq-relay" "rabbitmq-consumer" "rabbitmq-cookie" }}
{{- if not (hasKey $data $key) }}{{ $_ := set $data $key (randAlphaNum 48 | b64enc) }}{{ end }}
{{- end }}
{{- /* SQL Server asks for three kinds of characters. */}}
{{- if not (hasKey $data "database-owner") }}{{ $_ := set $data "database-owner" (printf "Aa1%s" (randAlphaNum 40) | b64enc) }}{{ end }}
{{- $_ := set .Values.credentials "generated" $data }}
{{- end }}
{{- toYaml .Values.credentials.generated }}
{{- end -}}

{{/* The URLs of somebody else's servers that are given as values. Context: the root. */}}
{{- define "cartwright.externalUrls" -}}
{{- $urls := dict
  "database-url" .Values.database.external.url "database-owner-url" .Values.database.external.ownerUrl
  "redis-url" .Values.redis.external.url "redis-gateway-url" .Values.redis.external.gatewayUrl "amqp-url" .Values.rabbitmq.external.url }}
{{- range $key, $url := $urls }}{{ if $url }}
{{ $key }}: {{ $url | quote }}
{{- end }}{{ end }}
{{- end -}}

{{/*
What a container reads from Secrets at its start, as one hash: pods roll when an entry changes that they read, and only then.
Context: dict root, env (the rendered list), authorities (servers whose private authority is mounted).
*/}}
{{- define "cartwright.secretsChecksum" -}}
{{- $root := .root }}{{ $seen := list }}
{{- range $variable := .env | fromYamlArray }}
{{- with ($variable.valueFrom).secretKeyRef }}
{{- $data := dict }}
{{- if and (eq .name (include "cartwright.credentials" $root)) (not $root.Values.credentials.existingSecret) }}
{{- $data = include "cartwright.generated" $root | fromYaml }}
{{- else if eq .name (printf "%s-external" (include "cartwright.fullname" $root)) }}
{{- $data = include "cartwright.externalUrls" $root | fromYaml }}
{{- else }}
{{- $data = (lookup "v1" "Secret" $root.Release.Namespace .name).data | default dict }}
{{- end }}
{{- $seen = append $seen (printf "%s=%s" .key (get $data .key)) }}
{{- end }}
{{- end }}
{{- range $mount := include "cartwright.authorities" . | fromYamlArray }}
{{- $data := (lookup "v1" "Secret" $root.Release.Namespace $mount.secret).data | default dict }}
{{- $seen = append $seen (printf "ca.crt=%s" (get $data "ca.crt")) }}
{{- end }}
{{- join "," $seen | sha256sum }}
{{- end -}}
