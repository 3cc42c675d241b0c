# The router for ECS: the bundle, its migrations, and the authorities of RDS. Build context: the repository after `npm run build`.
#   docker build -f images/containers/ai-router.Dockerfile -t ai-router .
ARG NODE_IMAGE=public.ecr.aws/docker/library/node:24-bookworm-slim
FROM ${NODE_IMAGE}

# Amazon's certificate authorities, for the verified TLS of the database.
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/rds/global-bundle.pem

WORKDIR /app
COPY build/ai-router.cjs ./
COPY services/ai-router/schema/migrations ./migrations
COPY runtime/service/schema/migrations ./kit-migrations

# A load balancer may send requests for some seconds more to a task that is asked to end, as a Spot task is without notice to it.
ENV NODE_ENV=production \
    KIT_MIGRATIONS_DIR=/app/kit-migrations \
    LEAVE_SECONDS=5 \
    MIGRATIONS_DIR=/app/migrations \
    DB_CA_FILE=/etc/ssl/rds/global-bundle.pem \
    HOST=0.0.0.0 \
    PORT=8010
USER node
EXPOSE 8010

# The image has no curl; the program that is there asks.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]

# `serve`, `migrate` or `keys ...`: the task definition gives the command.
# A small young generation: many pauses of 1 ms in place of few of 10, which streams would feel (docs/decisions.md).
ENTRYPOINT ["node", "--max-semi-space-size=1", "/app/ai-router.cjs"]
CMD ["serve"]
