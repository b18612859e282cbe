import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { decode, signIn } from '../endpoints/client.ts'
import { startMailSink } from '../interaction/mail-sink.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { readForm } from '../support/http.ts'
import { makeCertificate, NGINX_ADDRESS, startNginx } from '../support/nginx-server.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { startRedis } from '../support/redis-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { blocksOf, changed, walkPage } from './page-walk.ts'

const PAGE = 'docs/how-to/first-hour.md'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CALLBACK = 'https://shop.example/callback'

const stops: (() => unknown)[] = []
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

describeOn('nginx', 'the first hour of production', () => {
  describeOn('redis', 'on an empty Redis', () => {
    describeOn('postgres', 'and an empty Postgres', () => {
      test('goes as its page says, from the first secret to a dialect and a backup', async () => {
        const { walk, issuer, mail, serve } = await emptyMachine()
        await walk.next('create role vestibule')
        expect(await walk.next('appendonly')).toBe('appendonly\nyes\nmaxmemory-policy\nnoeviction\n')
        await walk.next('key_encryption_key')
        await walk.next('cat > settings')
        await walk.next('mail_url')
        const settings = await walk.next('vestibule config')
        expect(settings).toContain(`ISSUER=${issuer}\n`)
        expect(settings).not.toContain(mail.url)

        expect(await walk.next('migrate')).toMatch(
          /^applied \d+ migrations to postgres:\/\/127\.0\.0\.1:\d+\/vestibule\n$/,
        )
        expect(await walk.next('serve', serve())).toContain('Vestibule is ready')
        expect(await walk.next('/health/ready')).toContain('"status":"ready"')
        expect(await walk.next('doctor')).not.toContain('BAD')
        expect(await walk.next('administrators create')).toContain('owner@shop.example is an administrator now')

        const first = payloadIn(await walk.next('--preset service'))
        expect(first).toMatchObject({ iss: issuer, sub: 'orders', aud: 'urn:vestibule:commerce' })
        const own = payloadIn(await walk.next('resource-servers create'))
        expect(own).toMatchObject({ aud: 'https://orders.shop.example', scope: 'orders:read' })

        expect(await walk.next('customers create')).toContain('TEST--1 is a customer now')
        await walk.next('clients create shop')
        const address = (await walk.next('/authorize')).trim()
        const password = readFileSync(join(walk.directory, 'test_password'), 'utf8').trim()
        const jar = createCookieJar()
        const page = await jar.follow(await jar.fetch(address))
        const { url } = await signIn(jar, page, { username: 'test@shop.example', password }, CALLBACK)
        const code = new URL(url).searchParams.get('code') ?? ''
        const answers = await walk.next('code=', { 'the code from the address bar': code })
        expect(payloadIn(answers)).toMatchObject({ aud: 'urn:vestibule:commerce', customer_reference: 'TEST--1' })
        expect(answers).toMatch(/"email":"test@shop\.example"/)

        await askForNewPassword(issuer)
        expect((await mail.mailTo('test@shop.example')).link).toContain(`${issuer}/recovery/new`)

        await walk.next('DIALECTS')
        expect(await walk.next('serve', serve())).toContain('Vestibule is ready')
        const dialect = await walk.next('/access-tokens')
        expect(dialect).not.toContain('BAD')
        expect(dialect).toContain('"type":"access-tokens"')

        await walk.next('pg_dump')
        expect(await walk.next('erase')).toContain('TEST--1')
        walk.end()
      })
    })
  })
})

test('what it says to go wrong is what the server and its pages say', () => {
  const said = [...globSync('src/**/*.ts', { cwd: ROOT }), 'views/locales/en.json']
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n')
  const library = 'Authorization Server policy requires PKCE'
  const [, table = ''] = readFileSync(join(ROOT, PAGE), 'utf8').split('## What goes wrong')
  const sentences = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, sentence = '']) => sentence))
  expect(sentences.length).toBeGreaterThan(10)
  expect(sentences.filter((sentence) => sentence !== library && !said.includes(sentence))).toEqual([])
})

/** Private servers, nginx with the page it refers to, and a walk that names them. */
async function emptyMachine() {
  const [postgres, redis, mail] = await Promise.all([
    startPostgres(),
    startRedis({ args: ['--maxmemory-policy', 'noeviction'] }),
    startMailSink(),
  ])
  const [port, publicPort, adminPort] = [await freePort(), await freePort(), await freePort()]
  const issuer = `https://localhost:${port}`
  const directory = temporaryDirectory('tls')
  const { certPath } = makeCertificate(directory, 'shop', { subject: '/CN=localhost', alternative: 'DNS:localhost' })
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(certPath, 'utf8')])
  const nginx = await startNginx(
    changed(blocksOf('docs/how-to/behind-a-proxy.md', 'nginx')[0] ?? '', {
      'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
      'server_name id.shop.example;': 'server_name localhost;',
      '/etc/nginx/tls/': `${directory}/`,
      'node-1.internal:4000': `127.0.0.1:${publicPort}`,
      '  server node-2.internal:4000 max_fails=1 fail_timeout=2s;\n': '',
    }),
    { port },
  )
  const home = temporaryDirectory('vestibule')
  const walk = walkPage(
    PAGE,
    {
      'mkdir -p /etc/vestibule\ncd /etc/vestibule\n': '',
      '/etc/vestibule': '.',
      '/var/backups/vestibule': './backup',
      'HOST=127.0.0.1\n': `HOST=127.0.0.1\nPORT=${publicPort}\nADMIN_PORT=${adminPort}\n`,
      'TRUSTED_PROXIES=127.0.0.1': `TRUSTED_PROXIES=${NGINX_ADDRESS}`,
      '/var/lib/vestibule/data': join(home, 'data'),
      'https://id.shop.example': issuer,
      'sudo -u postgres psql': `psql --host=127.0.0.1 --port=${postgres.port} --username=postgres`,
      '127.0.0.1:5432': `127.0.0.1:${postgres.port}`,
      '127.0.0.1:6379': `127.0.0.1:${redis.port}`,
      'smtp://shop:its-password@mail.shop.example:587': mail.url,
    },
    { CURL_CA_BUNDLE: certPath, NODE_EXTRA_CA_CERTS: certPath },
  )
  const pidFile = join(walk.directory, 'pid')
  stops.push(postgres.stop, redis.stop, mail.stop, nginx.stop, () => {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  })
  /** A second terminal: what runs there from before is stopped as by Ctrl-C. */
  const serve = () => ({
    'vestibule serve': `
if [ -f pid ]; then kill -INT $(cat pid); while kill -0 $(cat pid) 2>/dev/null; do sleep 0.1; done; fi
: > log
vestibule serve > log 2>&1 & echo $! > pid
until grep -q 'Vestibule is ready' log; do kill -0 $(cat pid); sleep 0.1; done; cat log`,
  })
  return { walk, issuer, mail, serve }
}

/** The payload of the first access token in what a command printed. */
function payloadIn(printed: string): Record<string, unknown> {
  const [, token = ''] = /"access_token":"([^"]+)"/.exec(printed) ?? []
  return decode(token).payload
}

async function askForNewPassword(issuer: string): Promise<void> {
  const jar = createCookieJar()
  const page = await jar.fetch(`${issuer}/recovery`)
  const { action, fields } = readForm(await page.text(), page.url)
  const body = new URLSearchParams({ ...fields, login: 'test@shop.example' })
  expect((await jar.fetch(action, { method: 'POST', body })).status).toBeLessThan(400)
}
