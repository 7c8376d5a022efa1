{{/* Context: the root. */}}
{{- define "gateway.resources" -}}
{{- $values := .Values.gateway }}
{{- $env := include "gateway.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "gateway" "values" $values "env" $env "config" $env "keys" (list "internal-token" "session") "serves" true) }}
{{- include "gateway.routes" . }}
{{- end -}}

{{- define "gateway.env" -}}
{{- $jwt := .Values.gateway.jwt -}}
- { name: CART_URL, value: "http://{{ include "cartwright.fullname" . }}-cart" }
- { name: CATALOG_URL, value: {{ include "cartwright.catalogUrl" . | quote }} }
{{ include "cartwright.keysEnv" (dict "root" . "purpose" "internal-token") }}
{{ include "cartwright.keysEnv" (dict "root" . "purpose" "session") }}
{{- if $jwt.jwksUrl }}
- { name: JWT_JWKS, value: {{ $jwt.jwksUrl | quote }} }
- { name: JWT_ISSUER, value: {{ required "gateway.jwt.issuer is needed with gateway.jwt.jwksUrl" $jwt.issuer | quote }} }
- { name: JWT_AUDIENCE, value: {{ required "gateway.jwt.audience is needed with gateway.jwt.jwksUrl" $jwt.audience | quote }} }
- { name: JWT_ALGORITHMS, value: {{ $jwt.algorithms | quote }} }
{{- end }}
{{- end -}}
