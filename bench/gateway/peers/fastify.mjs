// Fastify's own proxy and limiter, and fast-jwt with its cache of verified tokens.
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'

const require = createRequire(process.env.NODE_FOLDER + '/')
const Fastify = require('fastify')
const { createVerifier } = require('fast-jwt')
const env = process.env
const verify = createVerifier({
  key: env.KEY,
  algorithms: [env.ALGORITHM],
  allowedIss: env.ISSUER,
  allowedAud: env.AUDIENCE,
  ...(env.CACHE === 'on' ? { cache: 1000, cacheKeyBuilder: token => token } : { cache: false }),
})
const counts = new Map()

const app = Fastify({ logger: false, genReqId: () => randomUUID() })
app.decorateRequest('user', null)
app.addHook('onRequest', async (request, reply) => {
  try {
    request.user = verify((request.headers.authorization ?? '').replace(/^Bearer /, '')).sub
  } catch {
    return reply.code(401).header('www-authenticate', 'Bearer error="invalid_token"').send()
  }
})
app.addHook('onResponse', async (request, reply) => {
  counts.set(reply.statusCode, (counts.get(reply.statusCode) ?? 0) + 1)
})
await app.register(require('@fastify/rate-limit'), {
  max: Number(env.LIMIT),
  timeWindow: '1 minute',
  hook: 'preHandler',
  keyGenerator: request => request.user,
})
await app.register(require('@fastify/http-proxy'), {
  upstream: `http://127.0.0.1:${env.UPSTREAM}`,
  prefix: '/mine',
  rewritePrefix: '/mine',
  undici: { connections: 128, pipelining: 1 },
  replyOptions: {
    rewriteRequestHeaders: (request, { authorization, ...headers }) =>
      ({ ...headers, 'x-request-id': request.id, 'x-user-id': request.user }),
  },
})
await app.listen({ host: '127.0.0.1', port: Number(env.PORT) })
