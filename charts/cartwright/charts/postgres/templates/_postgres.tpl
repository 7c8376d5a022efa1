{{/* Context: the root. */}}
{{- define "postgres.resources" -}}
{{- include "cartwright.store" (dict "root" . "part" "postgres" "values" .Values.postgres "user" 999 "mountPath" "/var/lib/postgresql/data"
      "ports" (list (dict "name" "postgres" "port" 5432)) "configPath" "/docker-entrypoint-initdb.d" "files" (dict "roles.sh" (include "postgres.roles" .))
      "scratch" (list (dict "name" "run" "path" "/var/run/postgresql")) "container" (include "postgres.container" .)) }}
{{- end -}}

{{/*
Runs once, when the database is made: the owner migrates,
the services' role has only what migrate grants it.
*/}}
{{- define "postgres.roles" -}}
psql -v ON_ERROR_STOP=1 --username postgres --dbname cartwright <<SQL
CREATE ROLE cartwright LOGIN PASSWORD '$OWNER_PASSWORD';
CREATE ROLE cartwright_app LOGIN PASSWORD '$APP_PASSWORD';
REVOKE CONNECT ON DATABASE cartwright FROM PUBLIC;
GRANT CONNECT ON DATABASE cartwright TO cartwright, cartwright_app;
ALTER DATABASE cartwright OWNER TO cartwright;
ALTER SCHEMA public OWNER TO cartwright;
SQL
{{- end -}}

{{- define "postgres.container" -}}
image: {{ .Values.postgres.image }}
imagePullPolicy: {{ .Values.postgres.imagePullPolicy }}
args: [-c, max_connections=200, -c, shared_buffers=128MB]
env:
  - { name: POSTGRES_DB, value: cartwright }
  - { name: POSTGRES_INITDB_ARGS, value: "--encoding=UTF8 --locale=C.UTF-8" }
  - { name: PGDATA, value: /var/lib/postgresql/data/pgdata }
  {{- include "cartwright.secretEnv" (dict "root" . "name" "POSTGRES_PASSWORD" "key" "postgres-admin") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "OWNER_PASSWORD" "key" "database-owner") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "APP_PASSWORD" "key" "database-app") | nindent 2 }}
securityContext: {{- include "cartwright.containerSecurity" . | nindent 2 }}
startupProbe: { exec: { command: [pg_isready, -h, 127.0.0.1, -U, postgres, -d, cartwright] }, periodSeconds: 2, failureThreshold: 90, timeoutSeconds: 5 }
readinessProbe: { exec: { command: [pg_isready, -h, 127.0.0.1, -U, postgres, -d, cartwright] }, periodSeconds: 5, timeoutSeconds: 5 }
livenessProbe: { tcpSocket: { port: postgres }, periodSeconds: 10, failureThreshold: 6 }
{{- end -}}
