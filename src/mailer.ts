import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A mail in plain text. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string }

/** Sends one mail. @throws when it cannot be handed over. */
export type SendMail = (mail: Mail) => Promise<void>

/**
 * Leaves each mail as a file in `directory`, readable by its owner only, where no mail server is set: mails carry
 * codes, so they do not go to the log.
 */
export function createOutbox({ directory }: { directory: string }): SendMail {
  return async function keep({ to, subject, text }) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID()}.eml`
    const mail = `To: ${oneLine(to)}\nSubject: ${oneLine(subject)}\nContent-Type: text/plain; charset=utf-8\n\n${text}\n`
    await writeFile(join(directory, name), mail, { mode: 0o600 })
  }
}

/** A header ends at its line: what is in an address must not begin another. */
function oneLine(value: string): string {
  return value.replaceAll(/[\r\n]+/g, ' ')
}
