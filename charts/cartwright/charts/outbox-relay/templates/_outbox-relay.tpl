{{/* Context: the root. */}}
{{- define "outbox-relay.resources" -}}
{{- $env := include "outbox-relay.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "outbox-relay" "values" (index .Values "outbox-relay") "env" $env "config" $env "authorities" (list "redis" "rabbitmq" "database") "serves" false "scaledBy" (ternary "operator" "" .Values.operator.enabled)) }}
{{- end -}}

{{- define "outbox-relay.env" -}}
{{ include "cartwright.redisEnv" (dict "root" . "user" "relay") }}
{{ include "cartwright.databaseEnv" (dict "root" . "user" "app") }}
{{ include "cartwright.amqpEnv" . }}
- { name: CART_SHARDS, value: {{ .Values.cart.shards | quote }} }
- { name: CART_CURRENCY, value: {{ .Values.cart.currency | quote }} }
- { name: CART_EXPIRING_NOTICE_SECONDS, value: {{ .Values.cart.expiringNoticeSeconds | quote }} }
{{- end -}}
