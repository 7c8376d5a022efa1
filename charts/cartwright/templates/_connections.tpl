{{/*
Where the parts find each other, as environment variables.
A password is a variable of its own, put into the URL by the kubelet.
*/}}

{{- define "cartwright.credentials" -}}
{{ .Values.credentials.existingSecret | default (printf "%s-credentials" (include "cartwright.fullname" .)) }}
{{- end -}}

{{/* One variable from the credentials. Context: dict root, name, key. */}}
{{- define "cartwright.secretEnv" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ include "cartwright.credentials" .root }}, key: {{ .key }} } }
{{- end -}}

{{/* "true" when the operator rotates the keys of tokens. Context: the root. */}}
{{- define "cartwright.rotates" -}}
{{- if and .Values.operator.enabled (not .Values.credentials.existingSecret) }}true{{ end -}}
{{- end -}}

{{/* The Secret with the keys for one purpose. Context: dict root, purpose (internal-token or session). */}}
{{- define "cartwright.keysSecret" -}}
{{ include "cartwright.fullname" .root }}-{{ .purpose }}-keys
{{- end -}}

{{/*
"true" when keys are mounted: they are rotated, or were once. Without the operator the rotated ones go on, because
clients hold tokens that they have signed. Context: the root.
*/}}
{{- define "cartwright.mountsKeys" -}}
{{- $session := include "cartwright.keysSecret" (dict "root" . "purpose" "session") }}
{{- if not .Values.credentials.existingSecret }}
{{- if or .Values.operator.enabled (lookup "v1" "Secret" .Release.Namespace $session) }}true{{ end }}
{{- end -}}
{{- end -}}

{{/* The keys for one purpose. Context: dict root, purpose (internal-token or session). */}}
{{- define "cartwright.keysEnv" -}}
{{- $variable := .purpose | replace "-" "_" | upper -}}
{{- if include "cartwright.mountsKeys" .root -}}
- { name: {{ $variable }}_KEYS_DIR, value: /keys/{{ .purpose }} }
{{- else -}}
{{ include "cartwright.secretEnv" (dict "root" .root "name" (printf "%s_SECRET" $variable) "key" (printf "%s-secret" .purpose)) }}
{{- end -}}
{{- end -}}

{{/* A URL of somebody else's. Context: dict root, name, secret, key, urlKey. */}}
{{- define "cartwright.externalEnv" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .secret | default (printf "%s-external" (include "cartwright.fullname" .root)) }}, key: {{ ternary .key .urlKey (ne .secret "") }} } }
{{- end -}}

{{/*
Secrets that are mounted because they hold the private authority of somebody else's server: a list of dict name, secret, path.
Context: dict root, authorities (of redis, rabbitmq, database).
*/}}
{{- define "cartwright.authorities" -}}
{{- $root := .root }}
{{- range $server := .authorities }}
{{- with (index $root.Values $server).external.caSecret }}
- { name: {{ $server }}-authority, secret: {{ . | quote }}, path: /authorities/{{ $server }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* The variable with the private authority of a server. Context: dict root, server, name. */}}
{{- define "cartwright.authorityEnv" -}}
{{- if (index .root.Values .server).external.caSecret }}
- { name: {{ .name }}, value: /authorities/{{ .server }}/ca.crt }
{{- end }}
{{- end -}}

{{/* Context: dict root, user (cart, relay or gateway). */}}
{{- define "cartwright.redisEnv" -}}
{{- $external := .root.Values.redis.external -}}
{{- if or $external.url $external.existingSecret -}}
{{- $gateway := and (eq .user "gateway") (or $external.gatewayUrl $external.existingSecret) | not | not -}}
{{ include "cartwright.externalEnv" (dict "root" .root "name" "REDIS_URL" "secret" $external.existingSecret "key" (ternary "gateway-url" "url" $gateway) "urlKey" (ternary "redis-gateway-url" "redis-url" $gateway)) }}
{{- include "cartwright.authorityEnv" (dict "root" .root "server" "redis" "name" "REDIS_CA_FILE") }}
{{- else -}}
{{ include "cartwright.secretEnv" (dict "root" .root "name" "REDIS_PASSWORD" "key" (printf "redis-%s" .user)) }}
- { name: REDIS_URL, value: "redis://{{ .user }}:$(REDIS_PASSWORD)@{{ include "cartwright.fullname" .root }}-redis:6379" }
{{- end -}}
{{- end -}}

{{/* Context: dict root, user (app or owner). */}}
{{- define "cartwright.databaseEnv" -}}
{{- $values := .root.Values }}{{ $external := $values.database.external }}{{ $name := include "cartwright.fullname" .root -}}
{{- if or $external.url $external.existingSecret -}}
{{- $owner := and (eq .user "owner") (or $external.ownerUrl $external.existingSecret) -}}
{{ include "cartwright.externalEnv" (dict "root" .root "name" "DATABASE_URL" "secret" $external.existingSecret "key" (ternary "owner-url" "url" (not (not $owner))) "urlKey" (ternary "database-owner-url" "database-url" (not (not $owner)))) }}
{{- else if eq $values.database.kind "postgres" -}}
{{ include "cartwright.secretEnv" (dict "root" .root "name" "DATABASE_PASSWORD" "key" (printf "database-%s" .user)) }}
- { name: DATABASE_URL, value: "postgres://{{ ternary "cartwright" "cartwright_app" (eq .user "owner") }}:$(DATABASE_PASSWORD)@{{ $name }}-postgres:5432/cartwright" }
{{- else -}}
{{ include "cartwright.secretEnv" (dict "root" .root "name" "DATABASE_PASSWORD" "key" "database-owner") }}
- { name: DATABASE_URL, value: "sqlserver://sa:$(DATABASE_PASSWORD)@{{ $name }}-sqlserver:1433/cartwright?trustServerCertificate=true" }
{{- end -}}
{{- end -}}

{{/* Context: the root. */}}
{{- define "cartwright.amqpEnv" -}}
{{- $external := .Values.rabbitmq.external -}}
{{- if or $external.url $external.existingSecret -}}
{{ include "cartwright.externalEnv" (dict "root" . "name" "AMQP_URL" "secret" $external.existingSecret "key" "url" "urlKey" "amqp-url") }}
{{- include "cartwright.authorityEnv" (dict "root" . "server" "rabbitmq" "name" "AMQP_CA_FILE") }}
{{- else -}}
{{ include "cartwright.secretEnv" (dict "root" . "name" "AMQP_PASSWORD" "key" "rabbitmq-relay") }}
- { name: AMQP_URL, value: "amqp://relay:$(AMQP_PASSWORD)@{{ include "cartwright.fullname" . }}-rabbitmq:5672" }
{{- end }}
- { name: AMQP_EXCHANGE, value: {{ .Values.rabbitmq.exchange | quote }} }
{{- end -}}

{{- define "cartwright.catalogUrl" -}}
{{ (index .Values "catalog-stub").url | default (printf "http://%s-catalog-stub" (include "cartwright.fullname" .)) }}
{{- end -}}

{{/* "true" when there may be more carts than one at a time. Context: the root. */}}
{{- define "cartwright.severalCarts" -}}
{{- with .Values.cart }}{{ if or (gt (int .replicas) 1) (and .autoscaling .autoscaling.enabled) }}true{{ end }}{{ end -}}
{{- end -}}

{{/* "true" when the release runs this server itself. Context: dict root, part. */}}
{{- define "cartwright.runs" -}}
{{- $values := .root.Values }}{{ $external := $values.database.external -}}
{{- if or (eq .part "postgres") (eq .part "sqlserver") -}}
{{- if and (eq $values.database.kind .part) (not (or $external.url $external.existingSecret)) }}true{{ end -}}
{{- else if has .part (list "redis" "rabbitmq") -}}
{{- $part := index $values .part -}}
{{- if and $part.enabled (not (or $part.external.url $part.external.existingSecret)) }}true{{ end -}}
{{- else if eq .part "catalog-stub" -}}
{{- $part := index $values .part -}}
{{- if and $part.enabled (not $part.url) }}true{{ end -}}
{{- else if (index $values .part).enabled }}true{{ end -}}
{{- end -}}
