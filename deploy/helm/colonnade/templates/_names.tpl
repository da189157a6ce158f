{{/* Names, labels, and a program's values. Most templates take (list $ "auth_service"): the root and the program. */}}

{{- define "colonnade.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end -}}

{{/* 63 characters are a label's; the longest of our endings, -migrate-auth-service and -file-service-private, has 21. */}}
{{- define "colonnade.name" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s" (include "colonnade.fullname" $root | trunc 41 | trimSuffix "-") (index . 1 | replace "_" "-") -}}
{{- end -}}

{{- define "colonnade.selector" -}}
app.kubernetes.io/name: {{ default "colonnade" (index . 0).Values.nameOverride }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "colonnade.labels" -}}
{{- $root := index . 0 -}}
{{ include "colonnade.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* What is the same in every installation. */}}
{{- define "colonnade.architecture" -}}
{{ .Files.Get "architecture.yaml" }}
{{- end -}}

{{/* A program's values: the defaults, and what services.NAME says otherwise. */}}
{{- define "colonnade.values" -}}
{{- $root := index . 0 -}}
{{ mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy (index $root.Values.services (index . 1))) | toYaml }}
{{- end -}}

{{- define "colonnade.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether several replicas of file_service can share what they store. */}}
{{- define "colonnade.filesAreShared" -}}
{{- if or .Values.storage.url (eq .Values.storage.volume.accessMode "ReadWriteMany") -}}yes{{- end -}}
{{- end -}}
