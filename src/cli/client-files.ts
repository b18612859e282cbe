import { text } from 'node:stream/consumers'
import { fromPreset, PRESETS, type Preset } from '../clients/presets.ts'
import { messageOf } from '../thrown.ts'
import type { ActionRequest } from './command/action.ts'
import { AdminError } from './command/admin-client.ts'

/** The metadata that `clients create` was given: a file, standard input, or what a preset makes of an id. */
export async function givenMetadata({ subjects: [subject = ''], values, flags }: ActionRequest): Promise<unknown> {
  const { preset } = values
  if (preset === undefined) return readMetadata(subject, flags.has('secret-stdin'))
  if (!isPreset(preset)) throw new AdminError(`There is no preset "${preset}": take one of ${PRESETS.join(', ')}.`)
  return fromPreset(preset, {
    clientId: subject,
    redirectUris: values['redirect-uri']?.split(',') ?? [],
    isThirdParty: flags.has('third-party'),
  })
}

/** Metadata of a file; what `clients show` prints is taken as well. */
export async function readMetadata(file: string, isStandardInputTaken: boolean): Promise<unknown> {
  if (file === '-' && isStandardInputTaken)
    throw new AdminError(
      'Standard input can contain the metadata or the secret, not both. Put the metadata into a file.',
    )
  try {
    const { readFile } = await import('node:fs/promises')
    const read: unknown = JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'))
    return isShown(read) ? read.metadata : read
  } catch (error) {
    throw new AdminError(`${file} has no valid client metadata: ${messageOf(error)}`)
  }
}

function isPreset(name: string): name is Preset {
  return PRESETS.some((preset) => preset === name)
}

function isShown(read: unknown): read is { metadata: unknown } {
  return typeof read === 'object' && read !== null && 'metadata' in read && 'isEnabled' in read
}
