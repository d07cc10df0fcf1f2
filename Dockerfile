# The three images: docker build --target controller|agent|cli .   (make image builds all)
# Not built by CI of this repository, which has no container engine: build it once after changing it.
#
# Everything comes from one Ubuntu release, so that the programs run against the C library that they were linked with.
ARG UBUNTU=ubuntu:24.04

FROM ${UBUNTU} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates clang dotnet-sdk-10.0 dotnet-sdk-aot-10.0 zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CI=true
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src src
COPY config/crd config/crd
ARG VERSION=0.1.0
# .dbg files are debug symbols, as large as the program.
RUN for project in Controller Agent Cli; do \
      dotnet publish "src/Ostler.$project" -c Release --use-current-runtime -p:VersionPrefix="$VERSION" -o "/published/$project" || exit 1; \
      rm -f "/published/$project"/*.dbg; \
    done

# What a native .NET program needs of a file system and no more: the C library, OpenSSL (loaded at run time, so ldd does not
# name it), certificate authorities, the time zones of maintenance windows (tzdata; without it only UTC is known), and a user.
FROM ${UBUNTU} AS rootfs
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libssl3t64 tzdata \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /published /published
RUN set -eu; \
    mkdir -p /rootfs/etc /rootfs/tmp /rootfs/usr/lib /rootfs/usr/lib64 /rootfs/usr/bin; \
    ln -s usr/lib /rootfs/lib; \
    ln -s usr/lib64 /rootfs/lib64; \
    tls="$(find /usr/lib -name 'libssl.so.3' -o -name 'libcrypto.so.3')"; \
    ldd /published/Controller/ostler-controller /published/Cli/kubectl-ostler $tls \
      | grep -oE '/[^ ):]*\.so[^ ):]*' | sort -u | while read -r library; do \
          target="/rootfs/usr/${library#/usr/}"; \
          case "$library" in /lib*) target="/rootfs/usr$library";; esac; \
          mkdir -p "$(dirname "$target")"; \
          cp -L "$library" "$target"; \
        done; \
    cp -a --parents /etc/ssl /etc/nsswitch.conf /usr/lib/ssl /usr/share/zoneinfo /rootfs/; \
    echo 'nonroot:x:65532:65532::/nonexistent:/nonexistent' > /rootfs/etc/passwd; \
    echo 'nonroot:x:65532:' > /rootfs/etc/group; \
    chmod 1777 /rootfs/tmp

FROM scratch AS controller
COPY --from=rootfs /rootfs /
COPY --from=build /published/Controller/ostler-controller /usr/bin/
USER 65532:65532
ENTRYPOINT ["/usr/bin/ostler-controller"]

FROM scratch AS cli
COPY --from=rootfs /rootfs /
COPY --from=build /published/Cli/kubectl-ostler /usr/bin/
USER 65532:65532
ENTRYPOINT ["/usr/bin/kubectl-ostler"]

# The agent runs nsenter to reach the host, and as root for that reason: a whole, if small, distribution.
FROM ${UBUNTU} AS agent
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libssl3t64 util-linux \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /published/Agent/ostler-agent /usr/bin/
ENTRYPOINT ["/usr/bin/ostler-agent"]
