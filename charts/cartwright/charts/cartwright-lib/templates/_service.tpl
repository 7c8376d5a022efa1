{{/*
A service of ours, whole: ServiceAccount, Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler, ServiceMonitor,
NetworkPolicy.
Context: dict
  root      the root context
  part      the component, and the name of the process in the image
  values    the part's values
  env       list of environment variables, rendered
  config    text whose change rolls the pods
  keys      purposes whose keys are mounted where they are or were rotated
  authorities  servers (redis, rabbitmq, database) whose private authority is mounted where there is one
  serves    whether it has a port of its own beside the admin port
  token     whether it talks to the Kubernetes API
  scaledBy  "" when replicas are the chart's, else who sets them
*/}}
{{- define "cartwright.service" -}}
{{- $root := .root }}{{ $part := .part }}{{ $values := .values }}
{{- $name := printf "%s-%s" (include "cartwright.fullname" $root) $part }}
{{- $labels := dict "root" $root "part" $part }}
{{- $env := include "cartwright.env" . }}
{{- $hpa := and $values.autoscaling $values.autoscaling.enabled }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
automountServiceAccountToken: {{ .token | default false }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  {{- if not (or $hpa .scaledBy) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: {{- include "cartwright.selector" $labels | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "cartwright.selector" $labels | nindent 8 }}
        {{- with $values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        checksum/config: {{ .config | sha256sum }}
        checksum/secrets: {{ include "cartwright.secretsChecksum" (dict "root" $root "env" $env "authorities" .authorities) }}
        {{- with $values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: {{ .token | default false }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: 45
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext: {{- include "cartwright.podSecurity" (dict "user" 10001) | nindent 8 }}
      {{- include "cartwright.spread" $labels | nindent 6 }}
      {{- with include "cartwright.nodes" $values }}{{ . | nindent 6 }}{{ end }}
      containers:
        - name: {{ $part }}
          image: {{ include "cartwright.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ $part }}]
          env:
            {{- $env | nindent 12 }}
          ports:
            {{- if .serves }}
            - { name: http, containerPort: 8080 }
            {{- end }}
            - { name: admin, containerPort: 9090 }
          startupProbe:
            httpGet: { path: /healthz, port: admin }
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: admin }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: admin }
            periodSeconds: 5
            timeoutSeconds: 5
          {{- if .serves }}
          # Until every node's kube-proxy knows that new connections go elsewhere.
          lifecycle:
            preStop:
              sleep: { seconds: 3 }
          {{- end }}
          securityContext: {{- include "cartwright.containerSecurity" $root | nindent 12 }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          {{- with include "cartwright.volumes" . }}{{ . | nindent 6 }}{{ end }}
{{- if .serves }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  {{- with $values.service }}
  type: {{ .type }}
  {{- end }}
  selector: {{- include "cartwright.selector" $labels | nindent 4 }}
  ports:
    - { name: http, port: {{ ($values.service | default dict).port | default 80 }}, targetPort: http }
{{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "cartwright.selector" $labels | nindent 6 }}
{{- if $hpa }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $name }} }
  minReplicas: {{ $values.autoscaling.min }}
  maxReplicas: {{ $values.autoscaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ $values.autoscaling.cpuPercent }} }
{{- end }}
{{- if $root.Values.monitoring.serviceMonitor.enabled }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}-admin
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
    cartwright.dev/scrape: "true"
spec:
  clusterIP: None
  selector: {{- include "cartwright.selector" $labels | nindent 4 }}
  ports:
    - { name: admin, port: 9090, targetPort: admin }
{{- end }}
{{- include "cartwright.serviceMonitor" (dict "root" $root "part" $part "port" "admin" "path" "/metrics" "labels" (dict "cartwright.dev/scrape" "true")) }}
{{- include "cartwright.networkPolicy" $labels }}
{{- end -}}

{{/*
The mounts of a container and the volumes of its pod, which must be the pod's next field: keys that are or were rotated, private
authorities. Context: as of cartwright.service.
*/}}
{{- define "cartwright.volumes" -}}
{{- $root := .root }}{{ $mounts := include "cartwright.authorities" . | fromYamlArray }}
{{- if include "cartwright.mountsKeys" $root }}
{{- range .keys }}
{{- $mounts = append $mounts (dict "name" (printf "%s-keys" .) "secret" (include "cartwright.keysSecret" (dict "root" $root "purpose" .)) "path" (printf "/keys/%s" .)) }}
{{- end }}
{{- end }}
{{- if $mounts -}}
{{ "    volumeMounts:" }}
      {{- range $mounts }}
      - { name: {{ .name }}, mountPath: {{ .path }}, readOnly: true }
      {{- end }}
volumes:
  {{- range $mounts }}
  - name: {{ .name }}
    secret: { secretName: {{ .secret }}, defaultMode: 0444 }
  {{- end }}
{{- end }}
{{- end -}}
