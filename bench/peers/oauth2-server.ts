/**
 * node-oauth2-server on `node:http` with a model in Redis: opaque tokens, no OpenID Connect, no audit, no limits. It has
 * no endpoint for introspection; the one here asks its model as such an endpoint does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import OAuth2Server from '@node-oauth/oauth2-server'
import { createModel } from './oauth2-model.ts'
import { APP, CUSTOMER, readInput, SEED_PATH, SERVICE } from './peer.ts'

const { port, redisUrl } = readInput()
const model = await createModel(redisUrl)
const server = new OAuth2Server({ model, requireClientAuthentication: { password: false, refresh_token: false } })

createServer((request, response) => {
  handle(request, response).catch((error: Error & { code?: number }) => {
    answer(response, error.code ?? 500, { error: error.name, error_description: error.message })
  })
}).listen(port, '127.0.0.1')

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Object.fromEntries(new URLSearchParams(await textOf(request)))
  switch (request.url) {
    case '/token':
      return answer(response, 200, await issue(request, body))
    case '/token/introspection':
      return answer(response, 200, await introspect(request, body))
    case SEED_PATH: {
      const client = await model.getClient(APP, '')
      if (!client) throw new Error(`there is no client ${APP}`)
      const refreshToken = crypto.randomUUID()
      await model.saveToken({ accessToken: crypto.randomUUID(), refreshToken, client, user: {} }, client, {
        login: CUSTOMER.login,
      })
      return answer(response, 200, { refresh_token: refreshToken })
    }
    default:
      return answer(response, 404, { error: 'not_found' })
  }
}

async function issue({ headers }: IncomingMessage, body: Record<string, string>): Promise<object> {
  const request = new OAuth2Server.Request({
    method: 'POST',
    query: {},
    headers: { ...headers } as Record<string, string>,
    body,
  })
  const response = new OAuth2Server.Response({ headers: {} })
  await server.token(request, response)
  return response.body as object // the library's answer
}

async function introspect({ headers }: IncomingMessage, body: Record<string, string>): Promise<object> {
  const [id = '', secret = ''] = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(':')
  if (id !== SERVICE.id || !(await model.getClient(decodeURIComponent(id), decodeURIComponent(secret)))) {
    throw new Error('the client is unknown')
  }
  const token = await model.getAccessToken(String(body.token))
  if (!token || (token.accessTokenExpiresAt?.getTime() ?? 0) <= Date.now()) return { active: false }
  return {
    active: true,
    client_id: token.client.id,
    scope: token.scope?.join(' '),
    exp: Math.floor((token.accessTokenExpiresAt?.getTime() ?? 0) / 1000),
    token_type: 'Bearer',
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}

function answer(response: ServerResponse, status: number, document: object): void {
  const body = JSON.stringify(document)
  response
    .writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body)
}
