{{/* Context: the root. */}}
{{- define "sqlserver.resources" -}}
{{- include "cartwright.store" (dict "root" . "part" "sqlserver" "values" .Values.sqlserver "user" 10001 "mountPath" "/var/opt/mssql"
      "ports" (list (dict "name" "tds" "port" 1433)) "files" dict "container" (include "sqlserver.container" .)) }}
{{- end -}}

{{- define "sqlserver.container" -}}
{{- $probe := `/opt/mssql-tools18/bin/sqlcmd -C -S 127.0.0.1 -U sa -P "$MSSQL_SA_PASSWORD" -Q "SELECT 1"` -}}
image: {{ .Values.sqlserver.image }}
imagePullPolicy: {{ .Values.sqlserver.imagePullPolicy }}
env:
  - { name: ACCEPT_EULA, value: "Y" }
  - { name: MSSQL_PID, value: {{ .Values.sqlserver.edition | quote }} }
  - { name: MSSQL_MEMORY_LIMIT_MB, value: {{ .Values.sqlserver.memoryMiB | quote }} }
  {{- include "cartwright.secretEnv" (dict "root" . "name" "MSSQL_SA_PASSWORD" "key" "database-owner") | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  # The server writes beside its data; and binds with this one capability.
  readOnlyRootFilesystem: false
  capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }
startupProbe: { exec: { command: [sh, -c, {{ $probe | squote }}] }, periodSeconds: 5, failureThreshold: 60, timeoutSeconds: 10 }
readinessProbe: { exec: { command: [sh, -c, {{ $probe | squote }}] }, periodSeconds: 10, timeoutSeconds: 10 }
livenessProbe: { tcpSocket: { port: tds }, periodSeconds: 10, failureThreshold: 6 }
{{- end -}}
