#!/bin/bash
# Builds kube-apiserver, kube-controller-manager and kube-scheduler from the source package of the machine's own
# Debian mirror, and puts them with etcd into $OSTLER_KUBERNETES_CACHE/<version>/ (default
# ${XDG_CACHE_HOME:-~/.cache}/ostler/kubernetes). Takes about 10 minutes on 2 cores and 4 GB of disk while it runs;
# does nothing when everything is there.
#
#   build-kubernetes.sh            build what is missing
#   build-kubernetes.sh --check    do every step but the compilation, change nothing in the cache
#   build-kubernetes.sh --progress LOG BIN TOTAL
#                                  print how far a compilation is, from its log and its output
#   build-kubernetes.sh --sources DIR
#                                  print the source package sources derived from an apt configuration such as /etc/apt
#
# Installs missing packages when run as root, names them otherwise. Writes nothing into /etc.
set -euo pipefail

programs=(kube-apiserver kube-controller-manager kube-scheduler)
go_root=/usr/lib/go-1.19
reflect2=/usr/share/gocode/src/github.com/modern-go/reflect2
cache=${OSTLER_KUBERNETES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ostler/kubernetes}
mode=${1:-build}

say() { printf '%s\n' "$*"; }
die() { printf 'build-kubernetes: %s\n' "$*" >&2; exit 1; }

# ---------------------------------------------------------------------------------------------------------------------

# One build at a time on this machine; whoever waited finds the work done.
take_lock() {
    mkdir -p "$cache"
    exec 9>"$cache/.lock"
    if ! flock --nonblock 9; then
        say "another process is building; waiting for it"
        flock 9
    fi
    # Under the lock, every build tree is the rest of a build that was killed.
    rm -rf "$cache"/.build-*
}

install_missing_packages() {
    local missing=()
    [[ -x $go_root/bin/go ]] || missing+=(golang-1.19-go)
    [[ -d $reflect2 ]] || missing+=(golang-github-modern-go-reflect2-dev)
    command -v etcd >/dev/null || missing+=(etcd-server)
    local tool
    for tool in rsync jq make; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    [[ $(id -u) == 0 ]] || die "packages are missing; as root, run: apt-get install --no-install-recommends ${missing[*]}"
    say "installing ${missing[*]}"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null
}

# The machine's own binary package sources, turned into source package sources: same mirror, same keyring, main only.
# Third-party repositories, updates and backports are left out. Both formats of sources.list(5) are read.
write_apt_sources() {
    local from=$1 into=$2 file
    mkdir -p "$into/parts"
    for file in "$from"/sources.list "$from"/sources.list.d/*.list; do
        [[ -r $file ]] || continue
        awk '
            { sub(/#.*/, "") }
            $1 == "deb" {
                options = ""; first = 2
                if ($2 ~ /^\[/) { do { options = options " " $first } while ($(first++) !~ /\]$/ && first <= NF) }
                uri = $first; suite = $(first + 1)
                if (uri ~ /\/debian\/?$/ && suite !~ /[-\/]/ && $0 ~ /[ \t]main([ \t]|$)/) {
                    print "deb-src" options, uri, suite, "main"
                }
            }' "$file" >>"$into/sources.list"
    done
    for file in "$from"/sources.list.d/*.sources; do
        [[ -r $file ]] || continue
        awk '
            BEGIN { RS = ""; FS = "\n" }
            {
                binary = 0; debian = 0; main = 0; enabled = 1; suites = ""; rest = ""; skipping = 0
                for (i = 1; i <= NF; i++) {
                    line = $i
                    if (line ~ /^#/) continue
                    if (line ~ /^[ \t]/) { if (!skipping) rest = rest line "\n"; continue }
                    skipping = 1
                    name = tolower(line); sub(/:.*/, "", name)
                    value = line; sub(/^[^:]*:[ \t]*/, "", value)
                    count = split(value, words, /[ \t]+/)
                    if (name == "types") { for (w = 1; w <= count; w++) if (words[w] == "deb") binary = 1 }
                    else if (name == "components") { for (w = 1; w <= count; w++) if (words[w] == "main") main = 1 }
                    else if (name == "suites") { for (w = 1; w <= count; w++) if (words[w] != "" && words[w] !~ /[-\/]/) suites = suites " " words[w] }
                    else if (name == "enabled") { enabled = (tolower(value) !~ /^(no|false|0)/) }
                    else {
                        if (name == "uris") { for (w = 1; w <= count; w++) if (words[w] ~ /\/debian\/?$/) debian = 1 }
                        rest = rest line "\n"; skipping = 0
                    }
                }
                if (binary && debian && main && enabled && suites != "") {
                    printf "Types: deb-src\nComponents: main\nSuites:%s\n%s\n", suites, rest
                }
            }' "$file" >>"$into/parts/debian.sources"
    done
    touch "$into/sources.list"
    [[ -s $into/sources.list || -s $into/parts/debian.sources ]] ||
        die "no Debian mirror with component main in $from/sources.list or $from/sources.list.d"
}

# apt with a configuration, lists and caches of its own.
private_apt() {
    local command=$1; shift
    "$command" \
        -o "Dir::Etc::SourceList=$build/apt/sources.list" -o "Dir::Etc::SourceParts=$build/apt/parts" \
        -o "Dir::State::Lists=$build/apt/lists" -o "Dir::Cache=$build/apt/cache" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= "$@"
}

# 1.20.5+really1.20.2-1.1+deb12u1 is 1.20.2.
upstream_version() {
    sed -E 's/^[0-9]+://; s/-[^-]*$//; s/.*[+~]really//; s/[+~].*//' <<<"$1"
}

# apt checks the signature of the release, the checksum of the index, and the checksum of the archive.
download_source() {
    mkdir -p "$build"/apt/{lists/partial,cache/archives/partial} "$build/source"
    write_apt_sources /etc/apt "$build/apt"
    say "reading the index of source packages"
    private_apt apt-get -qq update
    local package_version
    package_version=$(private_apt apt-cache showsrc --only-source kubernetes 2>/dev/null | sed -n 's/^Version: //p' | sort -V | tail -1)
    [[ -n $package_version ]] || die "the mirror has no source package \"kubernetes\""
    version=$(upstream_version "$package_version")
    [[ $version == 1.20.* ]] ||
        die "the mirror has Kubernetes $version; this script knows how to build 1.20 (Debian 12). Set KUBEBUILDER_ASSETS to a folder of programs instead"
    say "downloading the source of Kubernetes $version (package $package_version)"
    (cd "$build/source" && private_apt apt-get -qq source --download-only --only-source "kubernetes=$package_version")
}

unpack_source() {
    tree=$build/gopath/src/k8s.io/kubernetes
    mkdir -p "$tree"
    tar -xzf "$build"/source/kubernetes_*.orig.tar.gz -C "$tree" --strip-components=1
    # The vendored copy reads runtime internals that Go 1.18 moved: every program would crash at its start.
    # Debian builds with its own, newer package, and so do we.
    rm -rf "$tree/vendor/github.com/modern-go/reflect2"
    cp -rL "$reflect2" "$tree/vendor/github.com/modern-go/reflect2"
}

# "compiling: 2 of 3 programs, 1,204 of 1,800 packages". Packages of code generators count as well, so that the sum can be more than
# the programs need: never more than all is shown.
progress() {
    local log=$1 bin=$2 total=$3 done=0 packages program
    for program in "${programs[@]}"; do
        [[ ! -x $bin/$program ]] || done=$((done + 1))
    done
    packages=$(grep -cE '^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$' "$log" 2>/dev/null || true)
    ((packages <= total)) || packages=$total
    say "compiling: $done of ${#programs[@]} programs, $(grouped "$packages") of $(grouped "$total") packages"
}

# 1204 is 1,204, whatever locales there are.
grouped() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"; }

compile() {
    say "compiling Kubernetes $version"
    cd "$tree"
    # -v: each package is named once it is being compiled, which is all the progress there is to show.
    export PATH=$go_root/bin:$PATH GOPATH=$build/gopath GOCACHE=$build/gocache GO111MODULE=off GOFLAGS=-v CGO_ENABLED=0
    # The archive has no git history to read these from, and "--version" would say v0.0.0.
    local major=${version%%.*} rest=${version#*.}
    export KUBE_GIT_VERSION=v$version KUBE_GIT_MAJOR=$major KUBE_GIT_MINOR=${rest%%.*}
    export KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive
    # The lock is not inherited: a compiler that outlives us must not keep the next build waiting.
    make WHAT="${programs[*]/#/cmd/}" 9>&- >"$build/make.log" 2>&1 &
    local make=$! total waited=0
    total=$(go list -e -deps "${programs[@]/#/./cmd/}" 2>/dev/null | wc -l)
    while kill -0 "$make" 2>/dev/null; do
        sleep 1
        if ((++waited % 10 == 0)); then
            progress "$build/make.log" "$tree/_output/bin" "$total"
        fi
    done
    wait "$make" || { tail -30 "$build/make.log" >&2; die "the compilation failed"; }
}

# Complete or not there at all: the folder gets its name only when every program in it has said its version.
publish() {
    local staged=$build/publish program
    mkdir -p "$staged"
    for program in "${programs[@]}"; do
        cp "$tree/_output/bin/$program" "$staged/"
        [[ $("$staged/$program" --version) == "Kubernetes v$version" ]] || die "$program does not say it is $version"
    done
    cp "$(command -v etcd)" "$staged/"
    "$staged/etcd" --version >/dev/null
    rm -rf "${cache:?}/$version"
    mv "$staged" "$cache/$version"
    say "Kubernetes $version is in $cache/$version"
}

# A folder that only lacks etcd, from a machine where it was a package: complete it without a build.
complete_existing() {
    local folder program
    for folder in "$cache"/1.20.*/; do
        [[ -d $folder ]] || continue
        for program in "${programs[@]}"; do
            [[ -x $folder$program ]] || continue 2
        done
        if [[ ! -x ${folder}etcd ]]; then
            cp "$(command -v etcd)" "${folder}.etcd"
            mv "${folder}.etcd" "${folder}etcd"
        fi
        say "Kubernetes is already in $folder"
        return 0
    done
    return 1
}

# ---------------------------------------------------------------------------------------------------------------------

case $mode in
    build | --check) ;;
    --sources)
        derived=$(mktemp -d)
        trap 'rm -rf "$derived"' EXIT
        write_apt_sources "$2" "$derived"
        cat "$derived/sources.list" "$derived"/parts/*.sources 2>/dev/null || true
        exit 0
        ;;
    --progress)
        progress "$2" "$3" "$4"
        exit 0
        ;;
    *) die "usage: build-kubernetes.sh [--check | --sources DIR | --progress LOG BIN TOTAL]" ;;
esac

take_lock
install_missing_packages
if [[ $mode == build ]] && complete_existing; then
    exit 0
fi

build=$(mktemp -d "$cache/.build-XXXXXX")
# Go makes its cache read-only.
trap 'cd /; chmod -R u+w "$build"; rm -rf "$build"' EXIT
download_source
unpack_source
if [[ $mode == --check ]]; then
    "$go_root/bin/go" version
    say "check: Kubernetes $version could be built now"
    exit 0
fi
compile
publish
