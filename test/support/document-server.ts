import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeTlsFiles } from './tls-files.ts'

type Reply = (request: IncomingMessage, response: ServerResponse) => void

/** A site on loopback with client metadata documents, of which this process trusts the certificate. */
export type DocumentServer = {
  /** The file of the authority, for processes of their own. */
  readonly ca: string
  /** The same site by two names: tests list one of them, and the other is a stranger's. */
  readonly listed: string
  readonly stranger: string
  /** More strangers: the same site at other ports, which are other hosts. */
  readonly strangers: readonly string[]
  /** Paths that were asked for. */
  readonly paths: string[]
  /** Puts a document at a path, with the client id of that address unless it brings another; returns the address. */
  put(path: string, members?: object, headers?: Record<string, string>, origin?: string): string
  /** Answers at a path in any other way; returns the stranger's address. */
  reply(path: string, reply: Reply): string
  stop(): Promise<void>
}

/** Each may be asked for so many documents in a minute. */
const HOSTS = 7

export const APP_REDIRECT = 'https://app.example/callback'

export async function startDocumentServer(): Promise<DocumentServer> {
  const { ca, cert, key } = makeTlsFiles()
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, readFileSync(ca, 'utf8')])
  const replies = new Map<string, Reply>()
  const paths: string[] = []
  const answer: Reply = (request, response) => {
    const path = String(request.url)
    paths.push(path)
    const reply = replies.get(path)
    if (reply) reply(request, response)
    else response.writeHead(404).end()
  }
  const servers = Array.from({ length: HOSTS }, () =>
    createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer),
  )
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  const strangers = ports.map((port) => `https://localhost:${port}`)
  const [listed, stranger = ''] = [`https://127.0.0.1:${ports[0]}`, strangers[0]]

  return {
    ca,
    listed,
    stranger,
    strangers,
    paths,
    put(path, members = {}, headers = {}, origin = stranger) {
      const document = {
        client_id: origin + path,
        client_name: 'Shopping helper',
        redirect_uris: [APP_REDIRECT],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
        ...members,
      }
      const all = { 'content-type': 'application/json', 'cache-control': 'max-age=600', ...headers }
      replies.set(path, (_request, response) => void response.writeHead(200, all).end(JSON.stringify(document)))
      return origin + path
    },
    reply(path, reply) {
      replies.set(path, reply)
      return stranger + path
    },
    async stop() {
      setDefaultCACertificates(before)
      await Promise.all(
        servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections())),
      )
    },
  }
}
