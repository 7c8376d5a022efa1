{{/* Context: the root. */}}
{{- define "redis.resources" -}}
{{- include "cartwright.store" (dict "root" . "part" "redis" "values" .Values.redis "user" 999 "mountPath" "/data"
      "ports" (list (dict "name" "redis" "port" 6379)) "files" (dict "redis.conf" (include "redis.config" .))
      "container" (include "redis.container" .)) }}
{{- end -}}

{{/* The share of the memory limit that Redis may fill, in MiB. Context: the root. */}}
{{- define "redis.maxmemoryMiB" -}}
{{- $limit := ((.Values.redis.resources).limits).memory | default "" | toString }}
{{- if not $limit }}{{ fail "redis.resources.limits.memory is not set: give it in Mi or Gi, because maxmemory is a share of it" }}{{ end }}
{{- if not (regexMatch "^[0-9]+(Mi|Gi)$" $limit) }}{{ fail (printf "redis.resources.limits.memory=%s: give it in Mi or Gi, because maxmemory is a share of it" $limit) }}{{ end }}
{{- $mib := mul (regexFind "^[0-9]+" $limit | int) (ternary 1024 1 (hasSuffix "Gi" $limit)) }}
{{- div (mul $mib (.Values.redis.maxmemoryPercent | int)) 100 }}
{{- end -}}

{{- define "redis.config" -}}
appendonly yes
appendfsync everysec
dir /data
maxmemory {{ include "redis.maxmemoryMiB" . }}mb
# Carts are never thrown away silently: a full Redis refuses changes, and reads and removals go on.
maxmemory-policy noeviction
# Small carts stay in the compact encoding: above the most lines and the fields of the cart itself.
hash-max-listpack-entries 128
aclfile /tmp/users.acl
{{- end -}}

{{/* Passwords reach the ACL file from the environment, so that no ConfigMap holds one. */}}
{{- define "redis.container" -}}
image: {{ .Values.redis.image }}
imagePullPolicy: {{ .Values.redis.imagePullPolicy }}
command: [sh, -ec]
args:
  - |
    umask 077
    {
      # Nobody can log in as default, but the append-only file is replayed
      # as that user: without rights it would lose every cart.
      echo "user default off resetpass ~* &* +@all"
      echo "user health on nopass resetchannels -@all +ping"
      echo "user cart on >$CART_PASSWORD ~* resetchannels &outbox-committed +@all -@admin -@dangerous +info"
      echo "user gateway on >$GATEWAY_PASSWORD ~limit:* ~session:* resetchannels -@all +info +eval +evalsha +incr +pttl +pexpire +get +set +del +time"
      echo "user relay on >$RELAY_PASSWORD ~* resetchannels &outbox-committed +@all -@admin -@dangerous +info"
    } >/tmp/users.acl
    exec redis-server /config/redis.conf
env:
  {{- include "cartwright.secretEnv" (dict "root" . "name" "CART_PASSWORD" "key" "redis-cart") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "RELAY_PASSWORD" "key" "redis-relay") | nindent 2 }}
  {{- include "cartwright.secretEnv" (dict "root" . "name" "GATEWAY_PASSWORD" "key" "redis-gateway") | nindent 2 }}
securityContext: {{- include "cartwright.containerSecurity" . | nindent 2 }}
startupProbe: { exec: { command: [redis-cli, --user, health, --pass, x, --no-auth-warning, ping] }, periodSeconds: 1, failureThreshold: 120 }
readinessProbe: { exec: { command: [redis-cli, --user, health, --pass, x, --no-auth-warning, ping] }, periodSeconds: 5, timeoutSeconds: 3 }
livenessProbe: { tcpSocket: { port: redis }, periodSeconds: 10, failureThreshold: 6 }
{{- end -}}
