# The platform as one program on a Debian with nothing else in it. `docker compose --profile cluster build` makes it; docs/runbook.md, "A cluster".
FROM oven/bun:1.4.5-debian AS build
WORKDIR /caas
COPY package.json bun.lock ./
# Without the optional ones: those are the Postgres of a developer's machine.
RUN bun install --frozen-lockfile --ignore-scripts --omit=optional
COPY . .
RUN bun src/cli.ts build /out/caas && mkdir /out/data

FROM debian:12.12-slim
# Nobody: no account of the image has this number.
COPY --from=build --chown=10001:10001 /out/data /data
COPY --from=build /out/caas /usr/local/bin/caas
ENV CAAS_HOME=/data HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
EXPOSE 8080 8081
ENTRYPOINT ["caas"]
CMD ["gateway"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["caas", "healthy", "gateway"]
