# One image for every role: `/keydesk` with its commands, and the same file as `/manager`, which is the controller.
#
#   docker build -t keydesk:latest .
#   docker buildx build --platform linux/amd64,linux/arm64,linux/s390x,linux/ppc64le -t … --push .
#
# The build stage runs on the builder's own architecture and compiles for the image's. What it makes is linked statically,
# to glibc: several threads allocate faster with it than with musl, and it is there for all four architectures.
ARG RUST_VERSION=1.95.0
# Nothing but what is copied below. Any static base without a shell does as well, a distroless one for instance:
# --build-arg RUNTIME=….
ARG RUNTIME=scratch

FROM --platform=$BUILDPLATFORM rust:${RUST_VERSION}-slim-trixie AS build
ARG RUST_VERSION
ARG TARGETARCH
ENV CARGO_TERM_COLOR=never
# The image's compiler, whatever rust-toolchain.toml would add for developers.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
WORKDIR /source

# A compiler and linker for the image's architecture: some dependencies contain C.
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) cpu=x86_64 gcc=x86-64 debian=amd64 ;; \
      arm64) cpu=aarch64 gcc=aarch64 debian=arm64 ;; \
      ppc64le) cpu=powerpc64le gcc=powerpc64le debian=ppc64el ;; \
      s390x) cpu=s390x gcc=s390x debian=s390x ;; \
      *) echo "no image for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    packages=ca-certificates; \
    if [ "$debian" = "$(dpkg --print-architecture)" ]; \
    then linker=gcc; \
    else linker=$cpu-linux-gnu-gcc; packages="$packages gcc-$gcc-linux-gnu libc6-dev-$debian-cross"; \
    fi; \
    apt-get update; \
    apt-get install --yes --no-install-recommends $packages; \
    rm -rf /var/lib/apt/lists/*; \
    rustup target add "$cpu-unknown-linux-gnu"; \
    echo "$cpu-unknown-linux-gnu" > /target; \
    echo "$linker" > /linker

COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,id=keydesk-$TARGETARCH \
    set -eu; \
    target=$(cat /target); linker=$(cat /linker); \
    name=$(echo "$target" | tr a-z- A-Z_); \
    export "CARGO_TARGET_${name}_LINKER=$linker" "CC_$(echo "$target" | tr - _)=$linker"; \
    export RUSTFLAGS='-C target-feature=+crt-static -C strip=symbols'; \
    cargo build --release --locked --package keydesk --target "$target"; \
    install -D "target/$target/release/keydesk" /image/keydesk; \
    ln /image/keydesk /image/manager; \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt; \
    echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' > /image/etc/passwd; \
    echo 'nonroot:x:65532:' > /image/etc/group; \
    install -d /image/home/nonroot; \
    install -d -m 1777 /image/tmp

FROM ${RUNTIME}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Keydesk" \
      org.opencontainers.image.description="API keys on request: products, plans, approvals, and the gate that enforces them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
ENV HOME=/home/nonroot
USER 65532:65532
ENTRYPOINT ["/keydesk"]
CMD ["--help"]
