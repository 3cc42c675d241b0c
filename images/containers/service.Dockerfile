# The image of any service on the kit: its bundle, its migrations and those of the kit, and the authorities of RDS. Build context: the
# repository after `npm run build`, which writes build/NAME/. Port and health path as contracts/services/addresses.ts has them.
#   docker build -f images/containers/service.Dockerfile --build-arg SERVICE=capability-registry --build-arg PORT=8080 -t capability-registry .
ARG NODE_IMAGE=public.ecr.aws/docker/library/node:24-bookworm-slim
FROM ${NODE_IMAGE}
ARG SERVICE
ARG PORT
ARG HEALTH_PATH=/health
# Flags of Node for this service: --max-semi-space-size=1 for ai-router, which streams (docs/decisions.md).
ARG NODE_FLAGS=

# Amazon's certificate authorities, for the verified TLS of the database.
ADD --chmod=0444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/rds/global-bundle.pem

WORKDIR /app
COPY build/${SERVICE} ./

# The sentence embedder of knowledge-base: llama.cpp and its weights, with --build-arg LLAMA_VERSION=3.21.1 (contracts/node.ts). Without it
# the service embeds with the static one.
ARG LLAMA_VERSION=
ENV KB_MODELS_DIR=/app/models
RUN if [ -n "${LLAMA_VERSION}" ]; then \
      npm install --no-save --omit=optional "node-llama-cpp@${LLAMA_VERSION}" "@node-llama-cpp/linux-$(node -p process.arch)@${LLAMA_VERSION}" \
      && node service.cjs embedder fetch; \
    fi

# A load balancer may send requests for some seconds more to a task that is asked to end, as a Spot task is without notice to it.
ENV NODE_ENV=production \
    NODE_OPTIONS=${NODE_FLAGS} \
    DB_CA_FILE=/etc/ssl/rds/global-bundle.pem \
    HEALTH_PATH=${HEALTH_PATH} \
    HOST=0.0.0.0 \
    KIT_MIGRATIONS_DIR=/app/kit-migrations \
    LEAVE_SECONDS=5 \
    MIGRATIONS_DIR=/app/migrations \
    PORT=${PORT}
USER node
EXPOSE ${PORT}

# The image has no curl; the program that is there asks.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+process.env.HEALTH_PATH).then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]

# `serve`, `migrate` or `keys ...`: the task definition gives the command.
ENTRYPOINT ["node", "/app/service.cjs"]
CMD ["serve"]
