# The knowledge base for ECS: the bundle, its migrations, and the authorities of RDS. Build context: the repository after
# `npm run build`. The embedded engine is not in the image; it runs from the repository (docs/knowledge-base.md).
#   docker build -f images/containers/knowledge-base.Dockerfile -t knowledge-base .
ARG NODE_IMAGE=public.ecr.aws/docker/library/node:24-bookworm-slim
FROM ${NODE_IMAGE}

# Amazon's certificate authorities, for the verified TLS of the database.
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/rds/global-bundle.pem

WORKDIR /app
COPY build/knowledge-base.cjs ./
COPY services/knowledge-base/schema/migrations ./migrations

ENV NODE_ENV=production \
    KB_MIGRATIONS_DIR=/app/migrations \
    DB_CA_FILE=/etc/ssl/rds/global-bundle.pem \
    HOST=0.0.0.0 \
    PORT=8090
USER node
EXPOSE 8090

# The image has no curl; the program that is there asks.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]

# `serve`, `migrate`, or `ingest s3://bucket/prefix`: the task definition gives the command.
ENTRYPOINT ["node", "/app/knowledge-base.cjs"]
CMD ["serve"]
