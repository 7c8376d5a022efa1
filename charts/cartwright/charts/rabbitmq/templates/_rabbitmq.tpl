{{/* Context: the root. */}}
{{- define "rabbitmq.resources" -}}
{{- include "cartwright.store" (dict "root" . "part" "rabbitmq" "values" .Values.rabbitmq "user" 999 "mountPath" "/var/lib/rabbitmq"
      "ports" (list (dict "name" "amqp" "port" 5672) (dict "name" "management" "port" 15672) (dict "name" "prometheus" "port" 15692))
      "files" (dict "rabbitmq.conf" (include "rabbitmq.config" .) "definitions.json" (include "rabbitmq.definitions" .) "enabled_plugins" "[rabbitmq_management,rabbitmq_prometheus].\n")
      "container" (include "rabbitmq.container" .)) }}
{{- /* Each queue by itself, which /metrics does not tell: how many events wait unrouted, for one. */}}
{{- include "cartwright.serviceMonitor" (dict "root" . "part" "rabbitmq" "port" "prometheus" "path" "/metrics/detailed" "params" (dict "family" (list "queue_coarse_metrics"))) }}
{{- end -}}

{{- define "rabbitmq.config" -}}
load_definitions = /tmp/definitions.json
# RabbitMQ 4 takes who sends no password for the user guest, unless told otherwise.
anonymous_login_user = none
vm_memory_high_watermark.relative = 0.6
disk_free_limit.absolute = 500MB
log.console = true
log.console.level = warning
{{- end -}}

{{/*
Users with the least rights: the relay writes to our exchange,
a consumer reads our queues. Passwords come at the start.
*/}}
{{- define "rabbitmq.definitions" -}}
{{- $exchange := .Values.rabbitmq.exchange -}}
{{- $pattern := printf "^%s$" ($exchange | replace "." "\\.") -}}
{{- $queues := printf "^%s(\\..*)?$" ($exchange | replace "." "\\.") -}}
{{- $unrouted := printf "%s.unrouted" $exchange -}}
{{- $definitions := dict
  "vhosts" (list (dict "name" "/"))
  "users" (list (dict "name" "admin" "password" "@admin@" "tags" (list "administrator")) (dict "name" "relay" "password" "@relay@" "tags" list) (dict "name" "consumer" "password" "@consumer@" "tags" list))
  "permissions" (list
    (dict "user" "admin" "vhost" "/" "configure" ".*" "write" ".*" "read" ".*")
    (dict "user" "relay" "vhost" "/" "configure" "^$" "write" $pattern "read" "^$")
    (dict "user" "consumer" "vhost" "/" "configure" "^$" "write" "^$" "read" $queues))
  "exchanges" (list
    (dict "name" $exchange "vhost" "/" "type" "topic" "durable" true "auto_delete" false "internal" false "arguments" (dict "alternate-exchange" $unrouted))
    (dict "name" $unrouted "vhost" "/" "type" "fanout" "durable" true "auto_delete" false "internal" false "arguments" dict))
  "queues" (list
    (dict "name" $unrouted "vhost" "/" "durable" true "auto_delete" false "arguments" (dict "x-queue-type" "quorum"))
    (dict "name" (printf "%s.demo" $exchange) "vhost" "/" "durable" true "auto_delete" false "arguments" (dict "x-queue-type" "quorum" "x-max-length" 10000 "x-message-ttl" 3600000 "x-overflow" "drop-head")))
  "bindings" (list
    (dict "source" $unrouted "vhost" "/" "destination" $unrouted "destination_type" "queue" "routing_key" "" "arguments" dict)
    (dict "source" $exchange "vhost" "/" "destination" (printf "%s.demo" $exchange) "destination_type" "queue" "routing_key" "cart.#" "arguments" dict)
    (dict "source" $exchange "vhost" "/" "destination" (printf "%s.demo" $exchange) "destination_type" "queue" "routing_key" "order.#" "arguments" dict)) -}}
{{- $definitions | toPrettyJson -}}
{{- end -}}

{{- define "rabbitmq.container" -}}
image: {{ .Values.rabbitmq.image }}
imagePullPolicy: {{ .Values.rabbitmq.imagePullPolicy }}
command: [sh, -ec]
args:
  - |
    umask 077
    sed -e "s/@admin@/$ADMIN_PASSWORD/" -e "s/@relay@/$RELAY_PASSWORD/" -e "s/@consumer@/$CONSUMER_PASSWORD/" \
      /config/definitions.json >/tmp/definitions.json
    unset ADMIN_PASSWORD RELAY_PASSWORD CONSUMER_PASSWORD
    exec docker-entrypoint.sh rabbitmq-server
env:
  - { name: RABBITMQ_CONFIG_FILE, value: /config/rabbitmq.conf }
  - { name: RABBITMQ_ENABLED_PLUGINS_FILE, value: /config/enabled_plugins }
  # The data belong to the node's name, which must not change with the pod's.
  - { name: RABBITMQ_NODENAME, value: rabbit@localhost }
  {{- include "cartwright.secretEnv" (dict "root" . "name" "RABBITMQ_ERLANG_COOKIE" "key" "rabbitmq-cookie") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "ADMIN_PASSWORD" "key" "rabbitmq-admin") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "RELAY_PASSWORD" "key" "rabbitmq-relay") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "CONSUMER_PASSWORD" "key" "rabbitmq-consumer") | nindent 2 }}
securityContext: {{- include "cartwright.containerSecurity" . | nindent 2 }}
startupProbe: { exec: { command: [rabbitmq-diagnostics, -q, check_port_connectivity] }, periodSeconds: 5, timeoutSeconds: 30, failureThreshold: 60 }
readinessProbe: { tcpSocket: { port: amqp }, periodSeconds: 5 }
livenessProbe: { exec: { command: [rabbitmq-diagnostics, -q, ping] }, periodSeconds: 60, timeoutSeconds: 30, failureThreshold: 3 }
{{- end -}}
