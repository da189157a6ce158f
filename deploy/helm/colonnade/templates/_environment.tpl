{{/* What a program is told, as a map from variable to value. Secrets are files, and their variables end in _FILE. */}}
{{- define "colonnade.environment" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- $architecture := include "colonnade.architecture" $root | fromYaml -}}
{{- $facts := get $architecture $program -}}
{{- $values := include "colonnade.values" . | fromYaml -}}
HOST: 0.0.0.0
PORT: {{ $facts.port | quote }}
PRIVATE_HOST: 0.0.0.0
PRIVATE_PORT: {{ add $facts.port 1000 | quote }}
PUBLIC_URL: {{ $root.Values.publicUrl | quote }}
{{- with $root.Values.siteName }}
SITE_NAME: {{ . | quote }}
{{- end }}
LOG_LEVEL: {{ $root.Values.logLevel }}
LOG_FORMAT: json
DRAIN_SECONDS: {{ $root.Values.drainSeconds | quote }}
TRUST_FILE: /run/colonnade/trust.json
IDENTITY_KEY_FILE: /run/colonnade/identity_key.pem
{{- range concat $facts.secrets $values.extraSecretKeys }}
{{ upper . }}_FILE: /run/colonnade/{{ . }}
{{- end }}
{{- range $callee, $ports := $facts.calls }}
{{- $port := int (get $architecture $callee).port }}
{{- $name := include "colonnade.name" (list $root $callee) }}
{{- $variable := $callee | trimSuffix "_service" | upper }}
{{- if has "public" $ports }}
{{ $variable }}_URL: http://{{ $name }}:{{ $port }}
{{- end }}
{{- if has "private" $ports }}
{{ $variable }}_INTERNAL_URL: http://{{ $name }}-private:{{ add $port 1000 }}
{{- end }}
{{- if eq $program "gateway" }}
{{ $variable }}_PRIVATE_URL: http://{{ $name }}-private:{{ add $port 1000 }}
{{- end }}
{{- end }}
{{- range include "colonnade.files" . | fromYamlArray }}
{{ .variable }}: /etc/colonnade/{{ include "colonnade.folder" . }}{{ with .key }}/{{ . }}{{ end }}
{{- end }}
{{- if and $root.Values.filesPublicUrl (has $program (list "gateway" "file_service")) }}
FILES_PUBLIC_URL: {{ $root.Values.filesPublicUrl | quote }}
{{- end }}
{{- if eq $program "gateway" }}
{{- with $root.Values.trustedProxies }}
TRUSTED_PROXIES: {{ join "," . | quote }}
{{- end }}
{{- with $root.Values.corsOrigins }}
CORS_ORIGINS: {{ join "," . | quote }}
{{- end }}
{{- with $root.Values.corsHeaders }}
CORS_HEADERS: {{ join "," . | quote }}
{{- end }}
{{- with $root.Values.corsExpose }}
CORS_EXPOSE: {{ join "," . | quote }}
{{- end }}
{{- else if eq $program "file_service" }}
{{- if $root.Values.storage.url }}
FILES_STORAGE: {{ $root.Values.storage.url | quote }}
FILES_SPOOL: /var/lib/colonnade/files
{{- else }}
FILES_ROOT: /var/lib/colonnade/files
{{- end }}
{{- end }}
{{- with $values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The files that a program is shown, in folders, so that changes reach it: [{variable, configMap or secret, key}]. */}}
{{- define "colonnade.files" -}}
{{- $root := index . 0 -}}
{{- $files := (include "colonnade.values" . | fromYaml).files -}}
{{- if and (eq (index . 1) "gateway") $root.Values.routes -}}
{{- $routes := dict "variable" "ROUTES_FILE" "configMap" (include "colonnade.name" (list $root "routes")) "key" "routes.toml" -}}
{{- $files = append $files $routes -}}
{{- end -}}
{{ $files | toYaml }}
{{- end -}}

{{- define "colonnade.folder" -}}
{{- $name := .secret | default .configMap | replace "." "-" -}}
{{ if .secret }}secret{{ else }}config{{ end }}-{{ $name | trunc 56 | trimSuffix "-" }}
{{- end -}}

{{/* The same, each folder once: what lies in one is swapped at once, so a certificate always fits its key. */}}
{{- define "colonnade.folders" -}}
{{- $found := dict -}}
{{- range include "colonnade.files" . | fromYamlArray -}}
{{- $_ := set $found (include "colonnade.folder" .) . -}}
{{- end -}}
{{- range keys $found | sortAlpha }}
- {{ get $found . | toJson }}
{{- end }}
{{- end -}}

{{- define "colonnade.env" -}}
{{- range $variable, $value := include "colonnade.environment" . | fromYaml }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}
