import { fromPreset, PRESETS, type Preset } from '../../clients/presets.ts'
import type { ActionRequest } from '../command/action.ts'
import { AdminError } from '../command/admin-client.ts'
import { readJson, refuseSharedInput } from '../command/read-json.ts'

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
  refuseSharedInput(file, isStandardInputTaken, 'metadata')
  const read = await readJson(file, 'client metadata')
  return isShown(read) ? read.metadata : read
}

function isPreset(name: string): name is Preset {
  return PRESETS.some((preset) => preset === name)
}

function isShown(read: unknown): read is { metadata: unknown } {
  return typeof read === 'object' && read !== null && 'metadata' in read && 'isEnabled' in read
}
