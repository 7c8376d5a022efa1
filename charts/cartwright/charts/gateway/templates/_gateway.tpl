{{/* Context: the root. */}}
{{- define "gateway.resources" -}}
{{- $values := .Values.gateway }}
{{- $env := include "gateway.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "gateway" "values" $values "env" $env "config" $env "serves" true) }}
{{- include "gateway.routes" . }}
{{- end -}}

{{- define "gateway.env" -}}
{{- $jwt := .Values.gateway.jwt -}}
- { name: CART_URL, value: "http://{{ include "cartwright.fullname" . }}-cart" }
- { name: CATALOG_URL, value: {{ include "cartwright.catalogUrl" . | quote }} }
{{ include "cartwright.secretEnv" (dict "root" . "name" "INTERNAL_TOKEN_SECRET" "key" "internal-token-secret") }}
{{ include "cartwright.secretEnv" (dict "root" . "name" "SESSION_SECRET" "key" "session-secret") }}
{{- if $jwt.jwksUrl }}
- { name: JWT_JWKS, value: {{ $jwt.jwksUrl | quote }} }
- { name: JWT_ISSUER, value: {{ required "gateway.jwt.issuer is needed with gateway.jwt.jwksUrl" $jwt.issuer | quote }} }
- { name: JWT_AUDIENCE, value: {{ required "gateway.jwt.audience is needed with gateway.jwt.jwksUrl" $jwt.audience | quote }} }
- { name: JWT_ALGORITHMS, value: {{ $jwt.algorithms | quote }} }
{{- end }}
{{- end -}}
