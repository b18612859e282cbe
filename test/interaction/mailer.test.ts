import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { type Mailer, type MailerSettings, openMailer } from '../../src/mail.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { type MailSink, startMailSink } from './mail-sink.ts'

const mail = {
  to: 'sonia@spryker.com',
  subject: 'Grüße',
  text: 'Ein Wort: größer\nhttps://id.example/x',
  html: '<p>Hi',
}
let sink: MailSink
let mailer: Mailer
let lines: string[]

function open(settings: Partial<MailerSettings> & { retryDelaysMs?: number[]; limit?: number } = {}): Mailer {
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const directory = temporaryDirectory('mail')
  const base = {
    senderName: 'Acme Shop',
    ISSUER: 'https://id.example',
    DATA_DIR: directory,
    NODE_ENV: 'test',
    retryDelaysMs: [10, 10],
  }
  mailer = openMailer({ ...base, MAIL_URL: sink.url, log, ...settings })
  return mailer
}

beforeEach(async () => {
  lines = []
  sink = await startMailSink()
})
afterEach(async () => {
  await mailer.close()
  await sink.stop()
})

describe('by SMTP', () => {
  test('a mail arrives with both parts, from the host of the issuer', async () => {
    open().post(async () => mail)
    const received = await sink.mailTo(mail.to)
    expect(received).toMatchObject({ subject: 'Grüße', link: 'https://id.example/x' })
    expect(received.text).toContain('größer')
    expect(received.headers).toContain('From: Acme Shop <no-reply@id.example>')
  })

  test('the sender may be named', async () => {
    open({ MAIL_FROM: 'The Shop <shop@example.com>' }).post(async () => mail)
    expect((await sink.mailTo(mail.to)).headers).toContain('From: The Shop <shop@example.com>')
  })

  test('a refusal that passes is tried again, one that stays is not', async () => {
    sink.refuse(2, 451)
    open().post(async () => mail)
    await sink.mailTo(mail.to)
    sink.refuse(1, 550)
    mailer.post(async () => mail)
    await waitFor(() => lines.some((line) => line.includes('"event":"mail.given-up"')))
    mailer.post(async () => ({ ...mail, to: 'next@example.com' }))
    await sink.mailTo('next@example.com')
    expect(sink.mailsTo(mail.to)).toHaveLength(1)
    expect(lines.join()).not.toContain(mail.to)
  })

  test('one address is one address, whatever is in it', async () => {
    open().post(async () => ({ ...mail, to: 'a@example.com, b@example.com' }))
    mailer.post(async () => ({ ...mail, to: 'c@example.com\r\nBcc: d@example.com' }))
    mailer.post(async () => mail)
    await sink.mailTo(mail.to)
    await mailer.close()
    expect(sink.mails.flatMap(({ to }) => to).filter((to) => /^[bd]@/.test(to))).toEqual([])
  })

  test('posting neither waits nor fails, with the mail server away or nothing to write', async () => {
    open({ MAIL_URL: `smtp://127.0.0.1:${await freePort()}`, limit: 5 })
    // What returns nothing in the same turn has waited for nobody.
    for (let count = 0; count < 50; count++) expect(mailer.post(async () => mail)).toBeUndefined()
    mailer.post(async () => undefined)
    mailer.post(async () => {
      throw new Error('the database is away')
    })
    expect(lines.filter((line) => line.includes('"event":"mail.dropped"')).length).toBe(47)
    await mailer.close()
    expect(lines.join()).not.toContain(mail.to)
  })

  test('closing sends what waits', async () => {
    open({ retryDelaysMs: [60_000] })
    sink.refuse(1, 451)
    mailer.post(async () => mail)
    await waitFor(() => lines.some((line) => line.includes('"event":"mail.delayed","delayMs":60000')))
    await mailer.close()
    expect(sink.mailsTo(mail.to)).toHaveLength(1)
  })
})

describe('without a mail server', () => {
  test('a mail is a file for its owner alone, and the log says where', async () => {
    const DATA_DIR = temporaryDirectory('outbox')
    const settings = { ISSUER: 'https://id.example', DATA_DIR, NODE_ENV: 'development' }
    mailer = openMailer({
      ...settings,
      senderName: 'Acme Shop',
      log: createLog('info', { write: (line) => void lines.push(line) }),
    })
    await mailer.send({ ...mail, to: 'sonia@spryker.com\nBcc: x@example.com' })
    const outbox = join(DATA_DIR, 'outbox')
    const [eml = '', html = ''] = readdirSync(outbox).sort()
    expect(readFileSync(join(outbox, eml), 'utf8')).toMatch(
      /^To: sonia@spryker.com Bcc: x@example.com\nSubject: Grüße\n/,
    )
    expect(readFileSync(join(outbox, eml), 'utf8')).toContain('\nhttps://id.example/x\n')
    expect(html).toMatch(/\.html$/)
    expect(statSync(join(outbox, eml)).mode & 0o77).toBe(0)
    expect(lines.join()).toContain(eml)
    expect(lines.join()).not.toContain('id.example/x')
  })

  test('nothing that needs mail is offered in production', async () => {
    const server = await startTestServer({
      NODE_ENV: 'production',
      COOKIE_KEYS: 'a-cookie-key-of-many-characters',
      KEY_ENCRYPTION_KEY: 'a-key-of-at-least-sixteen-characters',
      DEMO: 'false',
    })
    try {
      for (const path of ['/recovery', '/registration', '/confirmation', '/sent/recovery']) {
        expect((await fetch(`${server.url}${path}`)).status).toBe(404)
      }
    } finally {
      await server.stop()
    }
    open({ MAIL_URL: undefined, NODE_ENV: 'production' })
    expect(mailer.isOffered).toBe(false)
  })
})
