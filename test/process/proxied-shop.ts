import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import tls from 'node:tls'
import { blocksOf, changed } from '../docs/page-walk.ts'
import { ADMIN } from '../storage/shop.ts'
import { freePort } from '../support/free-port.ts'
import { type Certificate, makeCertificate, NGINX_ADDRESS, startNginx } from '../support/nginx-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'

const PAGE = 'docs/how-to/behind-a-proxy.md'

export const CERTIFICATE_HEADER = 'X-Client-Cert'
export const VERIFIED_HEADER = 'X-Client-Verified'

/** Two nodes on one Postgres behind nginx, which runs what the how-to tells people to run. */
export async function startProxiedShop() {
  const directory = temporaryDirectory('tls')
  const shop = makeCertificate(directory, 'shop', { subject: '/CN=localhost', alternative: 'DNS:localhost' })
  const authority = makeCertificate(directory, 'client-ca', { subject: '/CN=Shop services' })
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(shop.certPath, 'utf8')])

  const [port, mtlsPort] = [await freePort(), await freePort()]
  const [issuer, mtlsUrl] = [`https://localhost:${port}`, `https://localhost:${mtlsPort}`]
  const settings = {
    ...ADMIN,
    ISSUER: issuer,
    TRUSTED_PROXIES: NGINX_ADDRESS,
    SHUTDOWN_GRACE_SECONDS: '2',
    MTLS_CERTIFICATE_HEADER: CERTIFICATE_HEADER,
    MTLS_VERIFIED_HEADER: VERIFIED_HEADER,
    MTLS_URL: mtlsUrl,
    KEYS_URL: 'sql:',
    DATABASE_URL: await createDatabase({ demo: true }),
  } as const
  const nodes = [await startServerProcess(settings), await startServerProcess(settings)] as const
  const proxy = await startNginx(asRunHere({ directory, port, mtlsPort, nodes }), { port })
  return {
    issuer,
    mtlsUrl,
    nodes,
    authority,
    directory,
    stop: async () => void (await Promise.all([proxy.stop(), ...nodes.map((node) => node.kill())])),
  }
}

type Places = { directory: string; port: number; mtlsPort: number; nodes: readonly ServerProcess[] }

/** The page's configuration with this machine's names and ports. */
function asRunHere({ directory, port, mtlsPort, nodes }: Places): string {
  return changed(blocksOf(PAGE, 'nginx').join('\n'), {
    'listen 443 ssl;\n  server_name id.shop.example;': `listen 127.0.0.1:${port} ssl;\n  server_name localhost;`,
    'listen 443 ssl;\n  server_name mtls.id.shop.example;': `listen 127.0.0.1:${mtlsPort} ssl;`,
    '/etc/nginx/tls/': `${directory}/`,
    'node-1.internal:4000': `127.0.0.1:${nodes[0]?.settings.PORT}`,
    'node-2.internal:4000': `127.0.0.1:${nodes[1]?.settings.PORT}`,
  })
}

/** A certificate for a client; without an issuer it vouches for itself. */
export function clientCertificate(directory: string, name: string, subject: string, issuer?: Certificate) {
  const paths = makeCertificate(directory, name, { subject, ...(issuer && { issuer }) })
  const pem = readFileSync(paths.certPath, 'utf8')
  const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, '')
  return { cert: pem, key: readFileSync(paths.keyPath, 'utf8'), base64, path: join(directory, `${name}.crt`) }
}

type Sent = {
  readonly form?: Record<string, string>
  readonly headers?: Record<string, string>
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined
  /** The address this client comes from. */
  readonly from?: string
}

/** One request over TLS, with a client certificate or without. */
export function send(url: string, { form, headers = {}, certificate, from }: Sent = {}) {
  const body = form && new URLSearchParams(form).toString()
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const agent = new Agent({ keepAlive: false, ...certificate })
  const options = {
    agent,
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...type },
    family: 4,
    ...(from && { localAddress: from }),
  }
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Record<string, unknown> }>(
    (resolve, reject) => {
      const sent = request(url, options, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => {
          const isJson = answer.headers['content-type']?.includes('json')
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: isJson ? JSON.parse(text) : { text },
          })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    },
  )
}
