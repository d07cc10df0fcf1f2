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
{{- with $console.clusterName }}
{{- $args = append $args (printf "--console-cluster-name=%s" .) }}
{{- end }}
{{- if $console.tlsSecret }}
{{- $args = concat $args (list "--console-tls-certificate=/etc/ostler/console-tls/tls.crt" "--console-tls-key=/etc/ostler/console-tls/tls.key") }}
{{- end }}
{{- end }}
{{- toYaml $args }}
{{- end }}

{{/*
The name of an image. There is no default registry; without one the pods would ask Docker Hub for an image that is not there.
dict "component" "controller" "root" $
*/}}
{{- define "ostler.image" -}}
{{- $image := (get .root.Values .component).image }}
{{- $name := printf "ostler-%s" .component }}
{{- $registry := (.root.Values.global).imageRegistry | default "" | trimSuffix "/" }}
{{- $repository := $image.repository | default "" }}
{{- if not (or $registry $repository) }}
{{- fail (printf "\n\nset %s.image.repository: the chart has no default registry. Build and push the images, then pass\n  --set controller.image.repository=registry.example/ostler-controller --set agent.image.repository=registry.example/ostler-agent\nor --set global.imageRegistry=registry.example\n" .component) }}
{{- end }}
{{- $repository = $repository | default $name }}
{{- if $registry }}
{{- /* The first part of a name is a registry when it can be a host: global.imageRegistry takes its place. */}}
{{- $host := first (splitList "/" $repository) }}
{{- if and (contains "/" $repository) (or (contains "." $host) (contains ":" $host) (eq $host "localhost")) }}
{{- $repository = trimPrefix (printf "%s/" $host) $repository }}
{{- end }}
{{- $repository = printf "%s/%s" $registry $repository }}
{{- end }}
{{- if $image.digest -}}
{{ $repository }}@{{ $image.digest }}
{{- else -}}
{{ $repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* The pull secrets of the chart and those of a chart that this one is a part of, by name, each once. */}}
{{- define "ostler.pullSecrets" -}}
{{- $names := list }}
{{- range concat ((.Values.global).imagePullSecrets | default list) (.Values.imagePullSecrets | default list) }}
{{- if kindIs "string" . }}
{{- $names = append $names . }}
{{- else }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}
{{- with $names | uniq }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The account of a pod. dict "component" "controller" "root" $ */}}
{{- define "ostler.serviceAccount" -}}
{{- $account := (get .root.Values .component).serviceAccount }}
{{- $name := ($account).name | default "" }}
{{- if and (not $name) (eq (toString (dig "create" true ($account | default dict))) "false") }}
{{- fail (printf "set %s.serviceAccount.name: with create=false the chart does not know which account the pod has" .component) }}
{{- end }}
{{- $name | default (printf "ostler-%s" .component) }}
{{- end }}

{{/* Fields of a pod that both pods have. dict "pod" .Values.… "root" $ */}}
{{- define "ostler.podFields" -}}
{{- with .pod.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Labels of a pod: those of the selector win, or the workload would not find its own pods. dict "component" "controller" "root" $ */}}
{{- define "ostler.podLabels" -}}
{{- $selector := include "ostler.selector" .component | fromYaml }}
{{- include "ostler.selector" .component }}
{{- range $name, $value := (get .root.Values .component).podLabels | default dict }}
{{- if not (hasKey $selector $name) }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The controller's pod: all of Pod Security "restricted". */}}
{{- define "ostler.podSecurity" -}}
{{- $security := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- /* OpenShift gives each namespace its own range of users and refuses others. */}}
{{- if not (.Values.openshift).enabled }}
{{- $security = merge $security (dict "runAsUser" 65532 "runAsGroup" 65532) }}
{{- end }}
{{- toYaml (mergeOverwrite $security (deepCopy (.Values.controller.podSecurityContext | default dict))) }}
{{- end }}

{{- define "ostler.containerSecurity" -}}
{{- $security := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
{{- toYaml (mergeOverwrite $security (deepCopy (.Values.controller.securityContext | default dict))) }}
{{- end }}

{{/* The certificate authorities that the controller trusts beside those of its image. */}}
{{- define "ostler.caBundle" -}}
{{- $bundle := .Values.controller.caBundle | default dict }}
{{- if and $bundle.configMap $bundle.secret }}
{{- fail "set either controller.caBundle.configMap or controller.caBundle.secret, not both" }}
{{- end }}
{{- if or $bundle.configMap $bundle.secret }}true{{ end }}
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
{{- $controller := include "ostler.serviceAccount" (dict "component" "controller" "root" .root) }}
{{- $agent := include "ostler.serviceAccount" (dict "component" "agent" "root" .root) }}
{{- .root.Files.Get .file
  | replace "namespace: ostler-system" (printf "namespace: %s" .root.Release.Namespace)
  | replace "- kind: ServiceAccount\n  name: ostler-controller\n" (printf "- kind: ServiceAccount\n  name: %s\n" $controller)
  | replace "- kind: ServiceAccount\n  name: ostler-agent\n" (printf "- kind: ServiceAccount\n  name: %s\n" $agent)
  | replace "endsWith(':ostler-agent')" (printf "endsWith(':%s')" $agent)
  | replace "\nmetadata:\n" (printf "\nmetadata:\n%s\n" (indent 2 $metadata)) }}
{{- end }}
