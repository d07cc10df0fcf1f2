# The three images: docker build --target controller|agent|cli .   (make image builds all, also where there is neither Docker nor a registry)
# A fourth, demo, is for trying Ostler: `make demo-image` collects its files and builds it.
#
# --platform linux/arm64, or several with buildx: the programs are compiled for the other processor by this one; only the few packages of the stage rootfs are
#   installed under emulation (binfmt_misc with qemu-user).
# --build-context published=artifacts/publish (programs that `make publish` made, in folders controller, agent and cli) stands for the stage of that name, and nothing
#   is compiled. With it the base need not have packages of the .NET SDK: --build-arg BASE=debian:12 does.
# All that the images have of the base is in the stage rootfs: none has a shell or a package manager.
# To pin the base, name it by the digest of the index, which covers both platforms: --build-arg BASE=ubuntu@sha256:…, with the digest from
#   docker buildx imagetools inspect ubuntu:24.04 --format '{{.Manifest.Digest}}'. A digest that is written down here would stop security updates of the base, so
#   whoever releases pins it in the release build and records it.
ARG BASE=ubuntu:24.04

FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG TARGETARCH
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates dotnet-sdk-10.0 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY .ci/native-toolchain .ci/
# Builders without BuildKit's arguments build for their own processor.
RUN echo "linux-${TARGETARCH:-$(dpkg --print-architecture)}" | sed s/amd64/x64/ > /rid \
 && .ci/native-toolchain "$(cat /rid)" \
 && rm -rf /var/lib/apt/lists/*
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CI=true
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src src
COPY config/crd config/crd
ARG VERSION=0.1.0
RUN for program in controller agent cli; do \
      dotnet publish "src/Ostler.$(echo "$program" | sed 's/./\U&/')" -c Release -r "$(cat /rid)" -p:VersionPrefix="$VERSION" -o "/published/$program" || exit 1; \
    done

FROM scratch AS published
COPY --from=build /published /

# What a native .NET program needs of a file system and no more: the C library, OpenSSL (loaded at run time, so ldd does not name it), certificate authorities, the
# time zones of maintenance windows (tzdata; without it only UTC is known), and a user. In /agent what the agent needs besides: nsenter, which leads to the host.
FROM ${BASE} AS rootfs
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libssl3 tzdata util-linux \
 && rm -rf /var/lib/apt/lists/*
RUN set -eu; \
    libraries() { ldd "$@" | grep -oE '/[^ ):]*\.so[^ ):]*' | sort -u; }; \
    # To where usr-merged systems have it, whatever name ldd found it by.
    take() { root=$1; shift; for file in "$@"; do mkdir -p "$root/usr/$(dirname "${file#/usr}")"; cp -L "$file" "$root/usr/${file#/usr}"; done; }; \
    tls="$(find /usr/lib -name libssl.so.3 -o -name libcrypto.so.3)"; \
    c="$(libraries $tls)"; \
    mkdir -p /rootfs/etc /rootfs/tmp /rootfs/usr/bin /agent; \
    for folder in lib lib64; do mkdir -p "/rootfs/usr/$folder"; ln -s "usr/$folder" "/rootfs/$folder"; done; \
    take /rootfs $tls $c "$(dirname "$(echo "$c" | grep -m 1 /libc.so.6)")/libm.so.6"; \
    take /agent /usr/bin/nsenter $(libraries /usr/bin/nsenter); \
    mkdir -p /rootfs/etc/ssl/certs; \
    cp -L /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/; \
    cp -a --parents /etc/ssl/openssl.cnf /usr/lib/ssl/openssl.cnf /usr/lib/ssl/certs /usr/share/zoneinfo /rootfs/; \
    rm -rf /rootfs/usr/share/zoneinfo/posix /rootfs/usr/share/zoneinfo/right; \
    printf '%s\n' 'root:x:0:0::/:/nonexistent' 'nonroot:x:65532:65532::/nonexistent:/nonexistent' > /rootfs/etc/passwd; \
    printf '%s\n' 'root:x:0:' 'nonroot:x:65532:' > /rootfs/etc/group; \
    echo 'hosts: files dns' > /rootfs/etc/nsswitch.conf; \
    chmod 1777 /rootfs/tmp

# What all have: who made it of what. CREATED is a time of RFC 3339; the commit's, so that the same commit gives the same image.
FROM scratch AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
ARG CREATED=1970-01-01T00:00:00Z
COPY --from=rootfs /rootfs /
LABEL org.opencontainers.image.vendor="The Ostler authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.created="$CREATED"

FROM base AS controller
COPY --from=published /controller/ostler-controller /usr/bin/
LABEL org.opencontainers.image.title="ostler-controller" \
      org.opencontainers.image.description="Moves the nodes of a Kubernetes cluster to an OS tree, a few at a time, and back when it is not healthy"
USER 65532:65532
ENTRYPOINT ["/usr/bin/ostler-controller"]

FROM base AS cli
COPY --from=published /cli/kubectl-ostler /usr/bin/
LABEL org.opencontainers.image.title="ostler-cli" \
      org.opencontainers.image.description="kubectl ostler: see, plan and steer OS upgrades"
USER 65532:65532
ENTRYPOINT ["/usr/bin/kubectl-ostler"]

# Root, and on the host's first process: it enters the host with nsenter. On a host without Kubernetes `podman container runlabel INSTALL|RUN|UNINSTALL <image>` runs it as
# Project Atomic ran its super-privileged containers: RUN shows the host's trees, INSTALL gives the host the command, UNINSTALL takes that and the watchdog away.
FROM base AS agent
COPY --from=rootfs /agent /
COPY --from=published /agent/ostler-agent /usr/bin/
LABEL org.opencontainers.image.title="ostler-agent" \
      org.opencontainers.image.description="Keeps the OS of its node as the cluster asks, with ostree, rpm-ostree or bootc" \
      INSTALL="podman run --rm --privileged --pid=host --net=host --read-only \${IMAGE} host install" \
      RUN="podman run --rm --privileged --pid=host --net=host --read-only \${IMAGE} host status" \
      UNINSTALL="podman run --rm --privileged --pid=host --net=host --read-only \${IMAGE} host uninstall"
ENV OSTLER_HOST_ENTRY=nsenter
USER 0:0
ENTRYPOINT ["/usr/bin/ostler-agent"]

# The demo in a container, for machines that lack root, Debian or the .NET SDK: podman run --rm -it --privileged ostler-demo. It has what `make demo` runs, put
# together by .ci/demo-files on the machine that builds the image, and what its hosts take from theirs: ostree and a few Debian tools.
FROM scratch AS demo-files

FROM ${BASE} AS demo
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
ARG CREATED=1970-01-01T00:00:00Z
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bash ca-certificates e2fsprogs libssl3 libstdc++6 mount ostree tar tzdata util-linux \
 && rm -rf /var/lib/apt/lists/*
COPY --from=demo-files / /
ENV PATH=/opt/ostler/bin:/usr/share/dotnet:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DOTNET_ROOT=/usr/share/dotnet \
    KUBEBUILDER_ASSETS=/opt/ostler/kubernetes \
    XDG_RUNTIME_DIR=/var/lib/ostler-demo \
    OSTLER_DEMO_KUBECONFIG=/root/.kube/config
# Hosts are laid over a file system that is no overlay itself.
VOLUME /var/lib/ostler-demo
LABEL org.opencontainers.image.vendor="The Ostler authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.title="ostler-demo" \
      org.opencontainers.image.description="Shows an OS upgrade of a simulated cluster, and one that rolls back" \
      RUN="podman run --rm -it --privileged \${IMAGE}"
USER 0:0
ENTRYPOINT ["dotnet", "/opt/ostler/demo/Ostler.Playground.dll"]
