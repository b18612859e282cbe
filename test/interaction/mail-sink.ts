import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { waitFor } from '../support/wait-for.ts'

/** A mail as a mail program would show it. */
export type ReceivedMail = {
  readonly to: readonly string[]
  readonly subject: string
  readonly headers: string
  readonly text: string
  readonly html: string
  /** Where the button leads. */
  readonly link: string
}

export type MailSink = {
  readonly url: string
  readonly mails: readonly ReceivedMail[]
  /**
   * The `nth` mail to an address, the first unless said otherwise; waits for it. Notices are sent beside the answer, so
   * mails come in any order: where several go to one address, `about` says which, by its subject or its link.
   */
  mailTo(address: string, nth?: number, about?: RegExp): Promise<ReceivedMail>
  mailsTo(address: string): readonly ReceivedMail[]
  /** Refuses so many mails that come next, with this SMTP code. */
  refuse(count: number, code: number): void
  stop(): Promise<void>
}

/** The link of a letter with which a password is chosen anew. */
export const RECOVERY_LINK = /\/recovery\/new/

/** A mail server on a free port that keeps what it is given. */
export async function startMailSink(): Promise<MailSink> {
  const mails: ReceivedMail[] = []
  let refusals = { count: 0, code: 451 }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    async onData(stream, session, done) {
      const source = await text(stream)
      if (refusals.count > 0) {
        refusals.count--
        done(
          Object.assign(new Error(`no mail for ${session.envelope.rcptTo[0]?.address}`), {
            responseCode: refusals.code,
          }),
        )
        return
      }
      mails.push(
        parse(
          source,
          session.envelope.rcptTo.map(({ address }) => address),
        ),
      )
      done()
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const mailsTo = (address: string) => mails.filter(({ to }) => to.includes(address))
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    mailsTo,
    mailTo: (address, nth = 1, about = /^/) =>
      waitFor(() => mailsTo(address).filter(({ subject, link }) => about.test(`${subject} ${link}`))[nth - 1], {
        what: `mail ${nth} to ${address} about ${about}`,
      }),
    refuse: (count, code) => {
      refusals = { count, code }
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function parse(source: string, to: readonly string[]): ReceivedMail {
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1] ?? '\0'
  const parts = source.split(`--${boundary}`).map(splitHead)
  const headers = (parts[0]?.head ?? '').replaceAll(/\r\n[ \t]+/g, ' ')
  // A mail without parts is one part.
  const bodies = parts.length === 1 ? parts : parts.slice(1)
  const body = (type: string) => decodeBody(bodies.find(({ head }) => head.includes(type)))
  const plain = body('text/plain')
  return {
    to,
    headers,
    subject: decodeWords(/^Subject: (.*)$/im.exec(headers)?.[1] ?? ''),
    text: plain,
    html: body('text/html'),
    link: /https?:\/\/\S+/.exec(plain)?.[0] ?? '',
  }
}

function splitHead(part: string): { head: string; body: string } {
  const trimmed = part.replace(/^\r\n/, '')
  const end = trimmed.indexOf('\r\n\r\n')
  return { head: trimmed.slice(0, end), body: trimmed.slice(end + 4) }
}

function decodeBody(part: { head: string; body: string } | undefined): string {
  if (!part) return ''
  if (/base64/i.test(part.head)) return Buffer.from(part.body, 'base64').toString()
  return /quoted-printable/i.test(part.head) ? decodeQuoted(part.body.replaceAll(/=\r\n/g, '')) : part.body
}

function decodeQuoted(quoted: string): string {
  const latin1 = quoted.replaceAll(/=([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

/** Encoded words of RFC 2047. */
function decodeWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString() : decodeQuoted(word.replaceAll('_', ' ')),
    )
}
