{{/* Context: the root. */}}
{{- define "cart.resources" -}}
{{- $env := include "cart.env" . }}
{{- include "cartwright.service" (dict "root" . "part" "cart" "values" .Values.cart "env" $env "config" $env "keys" (list "internal-token") "authorities" (list "redis" "database") "serves" true) }}
{{- if include "cartwright.severalCarts" . }}
{{- $labels := dict "root" . "part" "cart" }}
---
# Each pod's address, so that gateways send one shard's requests to one of them.
apiVersion: v1
kind: Service
metadata:
  name: {{ include "cartwright.fullname" . }}-cart-pods
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  clusterIP: None
  selector: {{- include "cartwright.selector" $labels | nindent 4 }}
  ports:
    - { name: http, port: 8080, targetPort: http }
{{- end }}
{{- end -}}

{{- define "cart.env" -}}
{{ include "cartwright.redisEnv" (dict "root" . "user" "cart") }}
{{ include "cartwright.databaseEnv" (dict "root" . "user" "app") }}
- { name: CATALOG_URL, value: {{ include "cartwright.catalogUrl" . | quote }} }
{{ include "cartwright.keysEnv" (dict "root" . "purpose" "internal-token") }}
- { name: CART_SHARDS, value: {{ .Values.cart.shards | quote }} }
- { name: CART_TTL_SECONDS, value: {{ .Values.cart.ttlSeconds | quote }} }
- { name: CART_CURRENCY, value: {{ .Values.cart.currency | quote }} }
{{- end -}}
