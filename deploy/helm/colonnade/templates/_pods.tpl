{{/* What every pod has, whether it serves or migrates. */}}

{{- define "colonnade.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "colonnade.containerBasics" -}}
image: {{ include "colonnade.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* The named keys of a Secret, as files that the program's group may read: (dict "secret" NAME "keys" LIST). */}}
{{- define "colonnade.secretSource" -}}
secret:
  name: {{ .secret }}
  items:
    {{- range .keys }}
    - {key: {{ . }}, path: {{ . }}}
    {{- end }}
{{- end -}}

{{- define "colonnade.trustSource" -}}
{{- with .Values.trust -}}
{{ if .secret }}secret{{ else }}configMap{{ end }}:
  name: {{ .secret | default .configMap | default (include "colonnade.name" (list $ "trust")) }}
  items: [{key: trust.json, path: trust.json}]
{{- end -}}
{{- end -}}

{{/* Seconds from SIGTERM to SIGKILL. After the drain delay a program has 10 s for what it is answering, and 5 s for
     each thing that it does beside; 33 is what all of that takes at worst. */}}
{{- define "colonnade.gracePeriod" -}}
{{ add .Values.drainSeconds 33 }}
{{- end -}}

{{- define "colonnade.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: private}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: private}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: private}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "colonnade.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "colonnade.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}
