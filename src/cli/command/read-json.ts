import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf } from '../../thrown.ts'
import { AdminError } from './admin-client.ts'

/**
 * A JSON file, or standard input for `-`; `what` is its content, for the message.
 *
 * @throws {AdminError} when it cannot be read, or is no JSON.
 */
export async function readJson(file: string, what: string): Promise<unknown> {
  try {
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'))
  } catch (error) {
    throw new AdminError(`${file} has no valid ${what}: ${messageOf(error)}`)
  }
}

/** @throws {AdminError} when both the JSON and a secret would be read from standard input. */
export function refuseSharedInput(file: string, isSecretThere: boolean, what: string): void {
  if (file !== '-' || !isSecretThere) return
  throw new AdminError(`Standard input can contain the ${what} or the secret, not both. Put the ${what} into a file.`)
}
