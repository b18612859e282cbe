import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './run-directory.ts'

/** PEM files of a certificate authority, and of a certificate it gave to 127.0.0.1 and localhost. */
export type TlsFiles = { readonly ca: string; readonly cert: string; readonly key: string }

/** Makes an authority of its own, by openssl, for servers of one test. */
export function makeTlsFiles(): TlsFiles {
  const directory = temporaryDirectory('tls')
  const file = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', cwd: directory })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority')
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  writeFileSync(file('names'), 'subjectAltName = IP:127.0.0.1, DNS:localhost\n')
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signing)
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') }
}
