{{/* One program's Deployment. */}}
{{- define "colonnade.deployment" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- $facts := get (include "colonnade.architecture" $root | fromYaml) $program -}}
{{- $values := include "colonnade.values" . | fromYaml -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "colonnade.name" . }}
  labels:
    {{- include "colonnade.labels" . | nindent 4 }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "colonnade.selector" . | nindent 6 }}
  strategy:
    {{- if and (eq $program "file_service") (not (include "colonnade.filesAreShared" $root)) }}
    type: Recreate  # one node alone may have the volume
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
    {{- end }}
  template:
    metadata:
      labels:
        {{- include "colonnade.selector" . | nindent 8 }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "colonnade.podBasics" $root | nindent 6 }}
      serviceAccountName: {{ $values.serviceAccountName }}
      terminationGracePeriodSeconds: {{ include "colonnade.gracePeriod" $root }}
      topologySpreadConstraints:
        {{- include "colonnade.spread" . | trim | nindent 8 }}
      {{- range $key := list "priorityClassName" "nodeSelector" "tolerations" "affinity" }}
      {{- with get $values $key }}
      {{ $key }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      containers:
        - name: {{ $program | replace "_" "-" }}
          {{- include "colonnade.containerBasics" $root | nindent 10 }}
          command: [python, -m, {{ $program }}]
          env:
            {{- include "colonnade.env" . | trim | nindent 12 }}
          ports:
            - {name: public, containerPort: {{ $facts.port }}}
            - {name: private, containerPort: {{ add $facts.port 1000 }}}
          {{- include "colonnade.probes" $root | nindent 10 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - {name: secrets, mountPath: /run/colonnade, readOnly: true}
            - {name: tmp, mountPath: /tmp}
            {{- if eq $program "file_service" }}
            - {name: files, mountPath: /var/lib/colonnade/files}
            {{- end }}
            {{- range include "colonnade.folders" . | fromYamlArray }}
            {{- $folder := include "colonnade.folder" . }}
            - {name: {{ $folder }}, mountPath: /etc/colonnade/{{ $folder }}, readOnly: true}
            {{- end }}
      volumes:
        {{- include "colonnade.volumes" . | nindent 8 }}
{{- end -}}

{{- define "colonnade.volumes" -}}
{{- $root := index . 0 -}}
{{- $facts := get (include "colonnade.architecture" $root | fromYaml) (index . 1) -}}
{{- $values := include "colonnade.values" . | fromYaml -}}
{{- $secret := $values.existingSecret | default (include "colonnade.name" .) -}}
{{- $keys := concat (list "identity_key.pem") $facts.secrets $values.extraSecretKeys -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - {{- include "colonnade.secretSource" (dict "secret" $secret "keys" $keys) | nindent 8 }}
      - {{- include "colonnade.trustSource" $root | nindent 8 }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if eq (index . 1) "file_service" }}
- name: files
  {{- if $root.Values.storage.url }}
  emptyDir: {sizeLimit: {{ $root.Values.storage.spoolSize }}}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ $root.Values.storage.volume.existingClaim | default (include "colonnade.name" (list $root "files")) }}
  {{- end }}
{{- end }}
{{- range include "colonnade.folders" . | fromYamlArray }}
- name: {{ include "colonnade.folder" . }}
  {{ if .secret }}secret{{ else }}configMap{{ end }}:
    {{ if .secret }}secretName{{ else }}name{{ end }}: {{ .secret | default .configMap }}
    defaultMode: 0440
    {{- with .items }}
    items:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- end -}}
