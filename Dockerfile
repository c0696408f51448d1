FROM oven/bun:1.4.5-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The image's own Bun runs the service: the one that package.json pins for `npm start` is left out.
RUN bun install --frozen-lockfile --production --omit=peer --ignore-scripts \
  && rm -r node_modules/bun node_modules/@oven
# Volumes take over the owner and mode of the folders that they are first mounted on.
RUN install -d -m 0700 /volumes/data /volumes/broker /volumes/secrets /volumes/signing

# What runs has no shell and no package manager: Bun, glibc, the sources.
FROM oven/bun:1.4.5-distroless
WORKDIR /app
COPY --from=dependencies --chown=1000:1000 /volumes/ /
COPY --from=dependencies /app/node_modules node_modules
# Read by whoever runs it, whatever umask the clone was made with.
COPY --chmod=755 package.json ./
COPY --chmod=755 mosquitto mosquitto
COPY --chmod=755 scripts scripts
COPY --chmod=755 src src
# By number, so that orchestrators can see that it is not root.
USER 1000:1000
ENV HOST=0.0.0.0 DATA_DIR=/data
EXPOSE 3201
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["bun", "-e", "process.exit((await fetch('http://127.0.0.1:' + (process.env.PORT || 3201) + '/api/health')).ok ? 0 : 1)"]
ENTRYPOINT []
CMD ["bun", "src/main.ts"]
