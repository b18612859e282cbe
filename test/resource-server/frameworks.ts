import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import Koa from 'koa'
import { accessOf as accessOfExpress, expressProtection } from '../../packages/resource-server/src/adapters/express.ts'
import { accessOf as accessOfFastify, fastifyProtection } from '../../packages/resource-server/src/adapters/fastify.ts'
import { fetchProtection } from '../../packages/resource-server/src/adapters/fetch.ts'
import { koaProtection } from '../../packages/resource-server/src/adapters/koa.ts'
import type { Needs, ResourceServer } from '../../packages/resource-server/src/index.ts'

/** A service in a framework: `/orders` is protected, the metadata is where it belongs. */
export type Framework = { readonly url: string; stop(): Promise<void> }

type Start = (server: ResourceServer, needs: Needs) => Promise<Framework>

export const FRAMEWORKS: Readonly<Record<string, Start>> = {
  async Express(server, needs) {
    const { protect, metadata } = expressProtection(server)
    const app = express()
    const routes = express.Router()
    routes.get('/', protect(needs), (request, response) => {
      response.json({ sub: request.access?.subject, same: accessOfExpress(request).subject })
    })
    app.use('/orders', routes)
    if (server.metadata) app.get(server.metadata.path, metadata())
    return listen(app)
  },

  async Koa(server, needs) {
    const { protect, metadata } = koaProtection(server)
    const app = new Koa()
    if (server.metadata) app.use(metadata())
    app.use(protect(needs))
    app.use((ctx) => {
      ctx.body = { sub: ctx.state.access.subject }
    })
    return listen(app.callback())
  },

  async Fastify(server, needs) {
    const { protect, metadata } = fastifyProtection(server)
    const app = Fastify()
    app.get('/orders', { onRequest: protect(needs) }, async (request) => ({ sub: accessOfFastify(request).subject }))
    if (server.metadata) app.get(server.metadata.path, metadata())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, stop: () => app.close() }
  },

  async fetch(server, needs) {
    const { protect, metadata } = fetchProtection(server)
    const handle = protect(needs, (_request, { subject }) => Response.json({ sub: subject }))
    const serveMetadata = server.metadata && metadata()
    return listen(async (request, response) => {
      const url = `http://${request.headers.host}${request.url}`
      const headers = new Headers(request.headers as Record<string, string>)
      const asked = new Request(url, { method: String(request.method), headers })
      const answer = await (serveMetadata && request.url === server.metadata?.path
        ? serveMetadata(asked)
        : handle(asked))
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
    })
  },
}

async function listen(listener: RequestListener): Promise<Framework> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
