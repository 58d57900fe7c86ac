# GuestGuard as one image: the binary, what it serves, and the PostgreSQL client that backups need.
FROM rust:1.95-bookworm AS build
WORKDIR /build
# The tools change seldom, so they come first and are kept.
COPY bin bin
COPY Cargo.lock package.json package-lock.json .npmrc ./
RUN bin/tools build
COPY . .
RUN bin/build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client wget \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/guestguard guestguard
COPY --from=build /build/target/release/guestguard /usr/local/bin/guestguard
COPY --from=build /build/target/site /usr/local/share/guestguard/site
ENV GG_ENV=production \
    GG_LISTEN=0.0.0.0:3000 \
    GG_LOCAL_DIR=/var/lib/guestguard \
    GG_SITE_ROOT=/usr/local/share/guestguard/site
USER guestguard
WORKDIR /var/lib/guestguard
VOLUME /var/lib/guestguard
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD wget --quiet --tries=1 --output-document=/dev/null http://127.0.0.1:3000/livez || exit 1
ENTRYPOINT ["guestguard"]
CMD ["serve"]
