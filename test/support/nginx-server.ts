import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findNginx } from './binaries.ts'
import { startDaemon } from './daemon.ts'
import { temporaryDirectory } from './run-directory.ts'
import { waitFor } from './wait-for.ts'

/** Runs nginx with `servers` inside its http block, as a file in conf.d would be, until port `port` is open. */
export async function startNginx(servers: string, { port }: { readonly port: number }) {
  const directory = temporaryDirectory('nginx')
  mkdirSync(join(directory, 'logs'))
  writeFileSync(join(directory, 'nginx.conf'), mainConfiguration(servers))
  const args = ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr']
  const daemon = await startDaemon(findNginx() ?? 'nginx', args, { cwd: directory })
  const isOpen = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
    })
  await waitFor(async () => !daemon.isRunning() || (await isOpen()), { what: 'nginx to listen' })
  if (!daemon.isRunning()) throw new Error(`nginx ended: ${daemon.stderr()}`)
  return { stop: () => daemon.kill(), errors: daemon.stderr }
}

/** One worker, so that requests go to the upstreams strictly in turn; it comes from an address of its own. */
function mainConfiguration(servers: string): string {
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  proxy_bind ${NGINX_ADDRESS};
  ${servers}
}
`
}

/** Where requests of this nginx come from; the tests themselves come from 127.0.0.1. */
export const NGINX_ADDRESS = '127.0.0.2'

export type Certificate = { readonly certPath: string; readonly keyPath: string }

/** Makes certificates in `directory` with openssl: self-signed, or signed by `issuer`. */
export function makeCertificate(
  directory: string,
  name: string,
  { subject, alternative, issuer }: { subject: string; alternative?: string; issuer?: Certificate },
): Certificate {
  const [certPath, keyPath] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath]
  const names = alternative ? ['-addext', `subjectAltName=${alternative}`] : []
  const signer = issuer ? ['-CA', issuer.certPath, '-CAkey', issuer.keyPath] : []
  const args = ['req', '-x509', ...key, '-out', certPath, '-days', '2', '-subj', subject, ...names, ...signer]
  execFileSync('openssl', args, { stdio: 'ignore' })
  return { certPath, keyPath }
}
