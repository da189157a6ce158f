{{/* A job before the programs change: (dict "root" $ "name" "migrate-auth" "command" LIST "secret" NAME "keys" LIST
     "env" MAP "weight" NUMBER). Each key of the secret becomes a variable, as for the programs. */}}
{{- define "colonnade.job" -}}
{{- $each := list .root .name -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "colonnade.name" $each }}
  labels:
    {{- include "colonnade.labels" $each | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: {{ .root.Values.migrations.backoffLimit }}
  activeDeadlineSeconds: {{ .root.Values.migrations.activeDeadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "colonnade.selector" $each | nindent 8 }}
        colonnade/job: database
    spec:
      {{- include "colonnade.podBasics" .root | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: {{ .name }}
          {{- include "colonnade.containerBasics" .root | nindent 10 }}
          command: {{ .command | toJson }}
          env:
            {{- range .keys }}
            - {name: {{ upper . }}_FILE, value: /run/colonnade/{{ . }}}
            {{- end }}
            {{- range $variable, $value := .env }}
            - {name: {{ $variable }}, value: {{ $value | quote }}}
            {{- end }}
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {cpu: 500m, memory: 128Mi}
          volumeMounts:
            - {name: secrets, mountPath: /run/colonnade, readOnly: true}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: secrets
          projected:
            defaultMode: 0440
            sources:
              - {{- include "colonnade.secretSource" (dict "secret" .secret "keys" .keys) | nindent 16 }}
        - name: tmp
          emptyDir: {sizeLimit: 16Mi}
{{- end -}}
