{{/*
How the Prometheus operator finds the figures of a part, where it shall.
Context: dict
  root, part
  port, path  of the part's Service
  params      parameters of the path, each a list
  labels      further labels that the Service is found by
*/}}
{{- define "cartwright.serviceMonitor" -}}
{{- with .root.Values.monitoring.serviceMonitor }}
{{- if .enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "cartwright.fullname" $.root }}-{{ $.part }}
  labels:
    {{- include "cartwright.labels" (pick $ "root" "part") | nindent 4 }}
    {{- with .labels }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  selector:
    matchLabels:
      {{- include "cartwright.selector" (pick $ "root" "part") | nindent 6 }}
      {{- with $.labels }}{{ toYaml . | nindent 6 }}{{ end }}
  endpoints:
    - port: {{ $.port }}
      path: {{ $.path }}
      {{- with $.params }}
      params: {{- toYaml . | nindent 8 }}
      {{- end }}
      interval: {{ .interval }}
{{- end }}
{{- end }}
{{- end -}}
