{{/* An egress rule to one kind of place: (list $ "postgres"). */}}
{{- define "colonnade.wayOut" -}}
{{- $place := get (index . 0).Values.networkPolicy (index . 1) -}}
- ports:
    {{- range $place.ports }}
    {{- if eq (index $ 1) "dns" }}
    - {protocol: UDP, port: {{ . }}}
    {{- end }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with $place.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Where a program goes beside the other programs, as a list of names. */}}
{{- define "colonnade.waysOut" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- $values := include "colonnade.values" . | fromYaml -}}
{{- $ways := append (get (include "colonnade.architecture" $root | fromYaml) $program).stores "dns" -}}
{{- if has "smtp_url" $values.extraSecretKeys -}}{{- $ways = append $ways "smtp" -}}{{- end -}}
{{- range $values.files -}}
{{- if eq .variable "AUTH_PROVIDERS_FILE" -}}{{- $ways = append $ways "providers" -}}{{- end -}}
{{- end -}}
{{- if and (eq $program "file_service") $root.Values.storage.url -}}{{- $ways = append $ways "objectStore" -}}{{- end -}}
{{- if hasKey $values.env "CLAMAV_URL" -}}{{- $ways = append $ways "clamav" -}}{{- end -}}
{{ $ways | toYaml }}
{{- end -}}

{{/* The other end of an arrow between two programs: (list $ "auth_service"). */}}
{{- define "colonnade.peer" -}}
- podSelector:
    matchLabels:
      {{- include "colonnade.selector" . | nindent 6 }}
{{- end -}}

{{/* The numbers of the ports that are called: (dict "port" 8081 "named" LIST). */}}
{{- define "colonnade.ports" -}}
{{- range .named }}
- {protocol: TCP, port: {{ if eq . "public" }}{{ $.port }}{{ else }}{{ add $.port 1000 }}{{ end }}}
{{- end }}
{{- end -}}

{{/* Who may call a program, and whom it may call. */}}
{{- define "colonnade.networkPolicy" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- $architecture := include "colonnade.architecture" $root | fromYaml -}}
{{- $facts := get $architecture $program -}}
{{- $policy := $root.Values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "colonnade.name" . }}
  labels:
    {{- include "colonnade.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "colonnade.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if eq $program "gateway" }}
    - ports: [{protocol: TCP, port: {{ $facts.port }}}]
      {{- with $policy.clientsFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- range $caller, $its := $architecture }}
    {{- with get $its.calls $program }}
    - from:
        {{- include "colonnade.peer" (list $root $caller) | trim | nindent 8 }}
      ports:
        {{- include "colonnade.ports" (dict "port" $facts.port "named" .) | trim | nindent 8 }}
    {{- end }}
    {{- end }}
    {{- with $policy.metricsFrom }}
    - from:
        {{- toYaml . | nindent 8 }}
      ports: [{protocol: TCP, port: {{ add $facts.port 1000 }}}]
    {{- end }}
  egress:
    {{- range $callee, $ports := $facts.calls }}
    - to:
        {{- include "colonnade.peer" (list $root $callee) | trim | nindent 8 }}
      ports:
        {{- include "colonnade.ports" (dict "port" (get $architecture $callee).port "named" $ports) | trim | nindent 8 }}
    {{- end }}
    {{- range include "colonnade.waysOut" . | fromYamlArray }}
    {{- include "colonnade.wayOut" (list $root .) | nindent 4 }}
    {{- end }}
    {{- with (include "colonnade.values" . | fromYaml).extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
