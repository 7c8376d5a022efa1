{{/* Context: the root. */}}
{{- define "gateway.resources" -}}
{{- $values := .Values.gateway }}
{{- $env := include "gateway.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "gateway" "values" $values "env" $env "config" $env "keys" (list "internal-token" "session") "authorities" (list "redis") "serves" true) }}
{{- include "gateway.routes" . }}
{{- end -}}

{{- define "gateway.env" -}}
{{- $jwt := .Values.gateway.jwt -}}
{{- if include "cartwright.severalCarts" . }}
- { name: CART_URL, value: "http://{{ include "cartwright.fullname" . }}-cart-pods:8080" }
- { name: CART_FALLBACK_URL, value: "http://{{ include "cartwright.fullname" . }}-cart" }
{{- else }}
- { name: CART_URL, value: "http://{{ include "cartwright.fullname" . }}-cart" }
{{- end }}
- { name: CART_SHARDS, value: {{ .Values.cart.shards | quote }} }
- { name: CATALOG_URL, value: {{ include "cartwright.catalogUrl" . | quote }} }
{{ include "cartwright.keysEnv" (dict "root" . "purpose" "internal-token") }}
{{ include "cartwright.keysEnv" (dict "root" . "purpose" "session") }}
{{- include "gateway.limits" . }}
{{- if $jwt.jwksUrl }}
- { name: JWT_JWKS, value: {{ $jwt.jwksUrl | quote }} }
- { name: JWT_ISSUER, value: {{ required "gateway.jwt.issuer is needed with gateway.jwt.jwksUrl" $jwt.issuer | quote }} }
- { name: JWT_AUDIENCE, value: {{ required "gateway.jwt.audience is needed with gateway.jwt.jwksUrl" $jwt.audience | quote }} }
- { name: JWT_ALGORITHMS, value: {{ $jwt.algorithms | quote }} }
{{- end }}
{{- end -}}

{{/* How many requests whoever may send; all gateways count together in Redis. Context: the root. */}}
{{- define "gateway.limits" -}}
{{- $limits := .Values.gateway.rateLimits }}
{{- range $name := list "owner" "address" "session" }}
{{- $variable := printf "RATE_LIMIT_%s" (upper $name) }}
{{- range $field := list "env" "envFromSecret" }}
{{- if hasKey (index $.Values.gateway $field | default dict) $variable }}
{{- fail (printf "gateway.%s.%s: set gateway.rateLimits.%s, with which all gateways count together" $field $variable $name) }}
{{- end }}
{{- end }}
{{/* An off without quotes is false in YAML. */}}
- { name: {{ $variable }}, value: {{ index $limits $name | default "off" | quote }} }
{{- end }}
- { name: RATE_LIMIT_WITHOUT_REDIS, value: {{ $limits.withoutRedis }} }
{{ include "cartwright.redisEnv" (dict "root" . "user" "gateway") }}
{{- end -}}
