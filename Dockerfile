# The app's production image. Next.js, its migrations and nothing of the build in it; runs as an ordinary user.
# docker-compose.yml starts it with everything it needs.
# Node.js 24 delivers a change to a large band a quarter sooner than 20 (docs/decisions/0019-one-line-to-a-thousand.md).

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build -- --standalone

FROM node:24-bookworm-slim AS app
WORKDIR /app
ENV NODE_ENV=production HOSTNAME=0.0.0.0 PORT=3000
COPY --from=build /app/.next/standalone ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD node -e "fetch('http://127.0.0.1:' + process.env.PORT + '/api/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "server.js"]
