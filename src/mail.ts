import { randomInt, randomUUID } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Transporter } from 'nodemailer'
import type { Log } from './log.ts'
import { codeOf } from './thrown.ts'

/** A mail to one person; `html` says the same as `text`. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string; readonly html?: string }

/** Hands one mail over. @throws when it cannot. */
export type SendMail = (mail: Mail) => Promise<void>

/** Writes a mail when its turn comes; undefined when there is no recipient. */
export type WriteMail = () => Promise<Mail | undefined>

export type Mailer = {
  /** False when no mail can be sent; what needs mail is not offered then. */
  readonly isOffered: boolean
  readonly send: SendMail
  /** @throws when a mail could not be sent now. */
  verify(): Promise<void>
  /** Returns at once and never throws: whether a mail goes out, and to whom, must not show in the answer's time. */
  post(write: WriteMail): void
  /** Gives waiting mails a last try and ends within a few seconds. */
  close(): Promise<void>
}

export type MailerSettings = {
  readonly MAIL_URL?: string
  readonly MAIL_FROM?: string
  readonly ISSUER: string
  readonly DATA_DIR: string
  readonly NODE_ENV: string
}

type MailerDeps = MailerSettings & {
  /** Whom mails are from, where MAIL_FROM says no name. */
  readonly senderName: string
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** How long to wait after each failure; then the mail is given up. */
  readonly retryDelaysMs?: readonly number[]
  readonly limit?: number
}

/** A link lives half an hour: a mail that is not sent after six minutes is dropped. */
const RETRY_DELAYS_MS = [2000, 10_000, 60_000, 300_000]
/** Mails that may wait at a time; each is a few kilobytes. */
const LIMIT = 2000
const AT_ONCE = 4
/** So long, at random, a mail is put off: its making must not slow the answer that asked for it. */
const MAX_HEAD_START_MS = 150
const CLOSE_DEADLINE_MS = 5000

/**
 * Where letters to an account go. Shops with several sites keep an account for each by writing the site behind the address
 * (`a@shop.example|site`): a sign-in name that no mail can be sent to.
 */
export function mailboxOf(login: string): string {
  return login.split('|', 1)[0] ?? login
}

/** Sends by SMTP where MAIL_URL says so, else leaves files in DATA_DIR/outbox, where a developer can read them. */
export function openMailer(deps: MailerDeps): Mailer {
  const { log, retryDelaysMs = RETRY_DELAYS_MS, limit = LIMIT } = deps
  const { send: hand, isOffered, verify, end } = openTransport(deps)
  const send: SendMail = (mail) => hand({ ...mail, to: mailboxOf(mail.to) })
  const takeTurn = createTurns(AT_ONCE)
  const pending = new Set<Promise<void>>()
  const closing = new AbortController()
  const wait = (ms: number) => pause(ms, undefined, { signal: closing.signal }).catch(() => {})

  async function deliver(write: WriteMail): Promise<void> {
    await wait(randomInt(MAX_HEAD_START_MS))
    const mail = await takeTurn(write)
    for (const delayMs of mail ? [...retryDelaysMs, undefined] : []) {
      try {
        return await takeTurn(() => send(mail as Mail)) // the loop runs only for a mail
      } catch (error) {
        if (delayMs === undefined || isFinal(error)) return log.error({ event: 'mail.given-up', ...reasonOf(error) })
        log.warn({ event: 'mail.delayed', delayMs, ...reasonOf(error) })
        await wait(delayMs)
      }
    }
  }

  return {
    isOffered,
    send,
    verify,
    post(write) {
      if (pending.size >= limit) {
        log.error({ event: 'mail.dropped', waiting: pending.size })
        return
      }
      const delivery = deliver(write)
        .catch((error: unknown) => log.error({ event: 'mail.write-failed', err: error }))
        .finally(() => pending.delete(delivery))
      pending.add(delivery)
    },
    async close() {
      closing.abort()
      await Promise.race([Promise.all(pending), pause(CLOSE_DEADLINE_MS, undefined, { ref: false })])
      end()
    },
  }
}

type Transport = {
  readonly isOffered: boolean
  readonly send: SendMail
  readonly verify: () => Promise<void>
  readonly end: () => void
}

function openTransport(deps: MailerDeps): Transport {
  if (deps.MAIL_URL !== undefined) return openSmtp({ ...deps, MAIL_URL: deps.MAIL_URL })
  if (deps.NODE_ENV !== 'production') {
    return { isOffered: true, send: createOutbox(deps), verify: async () => {}, end: () => {} }
  }
  const refuse = async () => {
    throw new Error('MAIL_URL is unset: no mail can be sent')
  }
  return { isOffered: false, send: refuse, verify: refuse, end: () => {} }
}

function openSmtp({ MAIL_URL, MAIL_FROM, ISSUER, senderName }: MailerDeps & { readonly MAIL_URL: string }): Transport {
  const { hostname } = new URL(ISSUER)
  const from = MAIL_FROM?.includes('<') ? MAIL_FROM : { name: senderName, address: MAIL_FROM ?? `no-reply@${hostname}` }
  let opened: Promise<Transporter> | undefined
  // The package is larger than any other of ours: it is loaded by the first mail.
  const transport = () => {
    opened ??= import('nodemailer').then(({ createTransport }) =>
      createTransport({
        url: MAIL_URL,
        pool: true,
        name: hostname,
        connectionTimeout: 10_000,
        greetingTimeout: 10_000,
        socketTimeout: 30_000,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    )
    return opened
  }
  return {
    isOffered: true,
    async send({ to, ...content }) {
      await (await transport()).sendMail({
        ...content,
        from,
        // As one address: a list hidden in it must not make one mail many.
        to: { name: '', address: to },
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      })
    },
    async verify() {
      await (await transport()).verify()
    },
    end: () => void opened?.then((open) => open.close()),
  }
}

/** Mails carry links that open accounts: the files are their owner's alone, and the log names the file only. */
function createOutbox({ DATA_DIR, log }: MailerDeps): SendMail {
  const directory = join(DATA_DIR, 'outbox')
  return async function keep({ to, subject, text, html }) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID().slice(0, 8)}`)
    const head = `To: ${oneLine(to)}\nSubject: ${oneLine(subject)}\nContent-Type: text/plain; charset=utf-8`
    if (html !== undefined) await writeFile(`${path}.html`, html, { mode: 0o600 })
    // A reader of the directory sees a letter only once it is complete.
    await writeFile(`${path}.part`, `${head}\n\n${text}\n`, { mode: 0o600 })
    await rename(`${path}.part`, `${path}.eml`)
    log.warn({ event: 'mail.left-in-outbox', file: `${path}.eml` })
  }
}

/** A header ends at its line: what is in an address must not begin another. */
function oneLine(value: string): string {
  return value.replaceAll(/[\r\n]+/g, ' ')
}

/** A 5xx answer stays one (RFC 5321 §4.2.1); 4xx, time-outs and lost connections pass. */
function isFinal(error: unknown): boolean {
  return (responseCodeOf(error) ?? 0) >= 500
}

/** What the mail server answered with, where it answered. */
function responseCodeOf(error: unknown): number | undefined {
  const isAnswer = error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
  return isAnswer ? Number(error.responseCode) : undefined
}

/** What a mail server answers may name the person: only its codes are logged. */
function reasonOf(error: unknown) {
  return { reason: codeOf(error), answer: responseCodeOf(error) }
}

/** Lets `count` tasks run at a time, the others in the order they came. */
function createTurns(count: number) {
  const waiting: (() => void)[] = []
  let free = count
  return async function takeTurn<T>(task: () => Promise<T>): Promise<T> {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
