# One small image for every node of the lab: the sources as they stand, and what they need to run.
# docker build --tag siplab .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /opt/siplab
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# Moves the clock of one process (siplab clock); nodes load it only when SIPLAB_MOVABLE_CLOCK=1.
FROM ${NODE_IMAGE} AS clock
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libfaketime \
 && mkdir /faketime && cp /usr/lib/*/faketime/libfaketimeMT.so.1 /faketime/

FROM ${NODE_IMAGE}
WORKDIR /opt/siplab
ENV NODE_ENV=production NODE_COMPILE_CACHE=/opt/siplab/.compiled
# docs/decisions/0064: V8 reads it when it starts, and no other process of siplab starts this one.
ENV NODE_OPTIONS=--max-semi-space-size=16
COPY --from=packages /opt/siplab/node_modules node_modules
COPY --from=clock /faketime /usr/local/lib/faketime
COPY package.json ./
COPY config config
COPY scenarios scenarios
COPY scripts/container-folders.ts scripts/
COPY src src
# A named volume takes its owner from the folder it is first mounted on: one for each node of the topologies in config/.
RUN ln -s /opt/siplab/src/cli/siplab.mjs /usr/local/bin/siplab \
 && ln -s /opt/siplab/src/cli/siplab-healthy.mjs /usr/local/bin/siplab-healthy \
 && ln -s /opt/siplab/src/cli/siplab-secrets.mjs /usr/local/bin/siplab-secrets \
 && node scripts/container-folders.ts /data \
 && rm -rf .compiled && mkdir .compiled \
 && chown -R node:node /data .compiled
USER node
# The first run leaves its compiled modules behind, for this user alone: a start then takes half the time.
RUN siplab --help >/dev/null
WORKDIR /data
CMD ["siplab", "--help"]
