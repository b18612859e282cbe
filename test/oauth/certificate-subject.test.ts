import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { matchesSubject } from '../../src/oauth/clients/certificate-subject.ts'
import { readCertificate } from '../../src/oauth/clients/mutual-tls.ts'
import { describeOn } from '../support/describe-on.ts'
import { makeCertificate } from '../support/nginx-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const make = (subject: string, alternative?: string) => {
  const options = { subject, ...(alternative && { alternative }) }
  return readFileSync(makeCertificate(temporaryDirectory('certificate'), 'client', options).certPath, 'utf8')
}

describeOn('nginx', 'a client certificate', () => {
  test('is known by its whole distinguished name, most specific part first, spaces and case of types aside', () => {
    const certificate = new X509Certificate(make('/C=DE/O=Shop, Limited/CN=warehouse'))
    const matches = (name: string) => matchesSubject(certificate, 'tls_client_auth_subject_dn', name)
    expect(matches('CN=warehouse,O=Shop\\, Limited,C=DE')).toBe(true)
    expect(matches('cn=warehouse, O = Shop\\, Limited, C=DE')).toBe(true)
    for (const other of ['CN=warehouse', 'C=DE,O=Shop\\, Limited,CN=warehouse', 'CN=Warehouse,O=Shop\\, Limited,C=DE'])
      expect(matches(other)).toBe(false)
  })

  test('is known by one of its alternative names, exactly, and never by its common name', () => {
    const names =
      'DNS:stock.shop.example,DNS:*.any.example,URI:https://shop.example/stock,IP:10.1.2.3,email:stock@shop.example'
    const certificate = new X509Certificate(make('/CN=evil.example', names))
    const matches = (kind: string, name: string) => matchesSubject(certificate, `tls_client_auth_san_${kind}`, name)
    expect(matches('dns', 'stock.shop.example')).toBe(true)
    expect(matches('uri', 'https://shop.example/stock')).toBe(true)
    expect(matches('ip', '10.1.2.3')).toBe(true)
    expect(matches('email', 'stock@shop.example')).toBe(true)
    expect(matches('dns', 'evil.example')).toBe(false)
    expect(matches('dns', 'one.any.example')).toBe(false)
    expect(matches('uri', 'https://shop.example/stock/more')).toBe(false)
  })

  test('cannot smuggle a second name into one', () => {
    const certificate = new X509Certificate(makeWithOneUri('https://evil.example/, URI:https://shop.example/, URI:x'))
    expect(certificate.subjectAltName).toContain('evil.example')
    expect(matchesSubject(certificate, 'tls_client_auth_san_uri', 'https://shop.example/')).toBe(false)
  })

  test('is read in the forms proxies hand it on in; anything else is no certificate', () => {
    const pem = make('/CN=client')
    const { fingerprint256, raw } = new X509Certificate(pem)
    const base64 = raw.toString('base64')
    for (const header of [encodeURIComponent(pem), `:${base64}:`, base64])
      expect(readCertificate(header)?.fingerprint256).toBe(fingerprint256)
    for (const header of ['', 'x', '%', '::', 'null']) expect(readCertificate(header)).toBeUndefined()
  })
})

/** On openssl's command line a comma begins another name; in a file it does not. */
function makeWithOneUri(uri: string): string {
  const directory = temporaryDirectory('certificate')
  const [config, cert] = [join(directory, 'openssl.cnf'), join(directory, 'client.crt')]
  const sections = [
    '[req]',
    'distinguished_name = dn',
    'x509_extensions = v3',
    '[dn]',
    '[v3]',
    'subjectAltName = @names',
  ]
  writeFileSync(config, [...sections, '[names]', `URI.1 = ${uri}`, ''].join('\n'))
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(directory, 'client.key')]
  execFileSync('openssl', ['req', '-x509', '-config', config, ...key, '-out', cert, '-subj', '/CN=a'], {
    stdio: 'ignore',
  })
  return readFileSync(cert, 'utf8')
}
