{{/*
A backing server, whole: ServiceAccount, Service, StatefulSet of one with a volume, ConfigMap, NetworkPolicy.
Context: dict
  root, part, values
  user       its uid and gid
  files      dict of file names and texts, mounted at configPath (/config); a change rolls the pod
  container  rendered: image, command, env, probes, securityContext
  ports      list of dict name, port
  mountPath  where its data lie
  scratch    list of dict name, path: further folders that it writes to
*/}}
{{- define "cartwright.store" -}}
{{- $name := printf "%s-%s" (include "cartwright.fullname" .root) .part }}
{{- $labels := dict "root" .root "part" .part }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  selector: {{- include "cartwright.selector" $labels | nindent 4 }}
  ports:
    {{- range .ports }}
    - { name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }} }
    {{- end }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
spec:
  serviceName: {{ $name }}
  replicas: 1
  selector:
    matchLabels: {{- include "cartwright.selector" $labels | nindent 6 }}
  template:
    metadata:
      labels: {{- include "cartwright.selector" $labels | nindent 8 }}
      annotations:
        checksum/config: {{ toYaml .files | sha256sum }}
        checksum/secrets: {{ include "cartwright.secretsChecksum" (dict "root" .root "env" ((.container | fromYaml).env | toYaml)) }}
    spec:
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 60
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext: {{- include "cartwright.podSecurity" (dict "user" .user) | nindent 8 }}
      {{- with include "cartwright.nodes" .values }}{{ . | nindent 6 }}{{ end }}
      containers:
        - name: {{ .part }}
          {{- .container | nindent 10 }}
          ports:
            {{- range .ports }}
            - { name: {{ .name }}, containerPort: {{ .port }} }
            {{- end }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: {{ .mountPath }} }
            - { name: tmp, mountPath: /tmp }
            {{- if .files }}
            - { name: config, mountPath: {{ .configPath | default "/config" }}, readOnly: true }
            {{- end }}
            {{- range .scratch }}
            - { name: tmp, mountPath: {{ .path }}, subPath: {{ .name }} }
            {{- end }}
      volumes:
        - { name: tmp, emptyDir: {} }
        {{- if .files }}
        - { name: config, configMap: { name: {{ $name }} } }
        {{- end }}
        {{- if not .values.persistence.enabled }}
        - { name: data, emptyDir: {} }
        {{- end }}
  {{- if .values.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels: {{- include "cartwright.selector" $labels | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .values.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: { requests: { storage: {{ .values.persistence.size }} } }
  {{- end }}
{{- if .files }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  labels: {{- include "cartwright.labels" $labels | nindent 4 }}
data: {{- toYaml .files | nindent 2 }}
{{- end }}
{{- include "cartwright.networkPolicy" $labels }}
{{- end -}}
