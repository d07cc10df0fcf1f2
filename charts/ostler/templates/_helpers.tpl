{{/*
Completes .Values with the chart's own defaults (files/defaults.yaml, a copy of values.yaml). `helm upgrade --reuse-values` puts the values of the release in
place of values.yaml, so every key that was added since is missing. First line of every template that reads values.
*/}}
{{- define "ostler.defaults" -}}
{{- $_ := include "ostler.complete" (dict "defaults" (.Files.Get "files/defaults.yaml" | fromYaml) "values" .Values) }}
{{- end }}

{{/* Maps whose keys are the user's own are taken as they are: a label that was removed must not come back. */}}
{{- define "ostler.complete" -}}
{{- range $key, $default := .defaults }}
{{- $value := get $.values $key }}
{{- if or (not (hasKey $.values $key)) (kindIs "invalid" $value) }}
{{- $_ := set $.values $key $default }}
{{- else if and (kindIs "map" $value) (kindIs "map" $default) (not (has $key (list "labels" "resources"))) }}
{{- $_ := include "ostler.complete" (dict "defaults" $default "values" $value) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Selectors cannot be changed later, so they hold nothing that a release or a version may change. */}}
{{- define "ostler.selector" -}}
app.kubernetes.io/name: ostler
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "ostler.labels" -}}
app.kubernetes.io/name: ostler
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The flags of the console, as a YAML list; none where the program's defaults are meant. */}}
{{- define "ostler.consoleArgs" -}}
{{- $console := .Values.console }}
{{- $args := list }}
{{- if not $console.enabled }}
{{- $args = append $args "--console-address=0" }}
{{- else }}
{{- if $console.service.enabled }}
{{- $args = append $args (printf "--console-address=:%d" (int $console.port)) }}
{{- else if ne (int $console.port) 8082 }}
{{- $args = append $args (printf "--console-address=127.0.0.1:%d" (int $console.port)) }}
{{- end }}
{{- if and $console.tokens (not $console.service.enabled) }}
{{- $args = append $args "--console-auth=token" }}
{{- end }}
{{- with $console.hosts }}
{{- $args = append $args (printf "--console-hosts=%s" (join "," .)) }}
{{- end }}
{{- if $console.tlsSecret }}
{{- $args = concat $args (list "--console-tls-certificate=/etc/ostler/console-tls/tls.crt" "--console-tls-key=/etc/ostler/console-tls/tls.key") }}
{{- end }}
{{- end }}
{{- toYaml $args }}
{{- end }}

{{/* dict "image" .Values.….image "root" $ */}}
{{- define "ostler.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/*
A file that `make manifests` copied from config/, as it is there but for the release's namespace and what Helm needs in metadata.
As text: what is read and written again as YAML loses comments, and large numbers their last digits.
dict "file" "files/…" "annotations" "key: value" (optional) "root" $
*/}}
{{- define "ostler.file" -}}
{{- $metadata := printf "labels:\n%s" (include "ostler.labels" .root | indent 2) }}
{{- with .annotations }}
{{- $metadata = printf "annotations:\n%s\n%s" (indent 2 .) $metadata }}
{{- end }}
{{- .root.Files.Get .file
  | replace "namespace: ostler-system" (printf "namespace: %s" .root.Release.Namespace)
  | replace "\nmetadata:\n" (printf "\nmetadata:\n%s\n" (indent 2 $metadata)) }}
{{- end }}
