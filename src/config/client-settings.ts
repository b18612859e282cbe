import { z } from 'zod'
import { list, type Setting } from './setting.ts'

/** Clients that no operator registers. */
export const clientSettings = {
  CLIENT_METADATA_DOCUMENTS: {
    type: z.enum(['off', 'listed', 'open']),
    default: 'off',
    sentence:
      'Whether software may be a client whose client id is the https address of a document about it (Client ID Metadata Document): not at all (off), ' +
      'where CLIENT_METADATA_HOSTS names its host or address (listed), or all software (open), of which people read that the shop does not know it.',
  },
  CLIENT_METADATA_HOSTS: {
    type: list.refine(
      (entries) => entries.every(isHostOrAddress),
      'must be hosts in small letters such as app.example, with a port where it is not 443, or whole https addresses, comma separated',
    ),
    default: '',
    sentence:
      'Hosts whose client metadata documents are let in, and whole addresses of single ones, comma separated. With open: those that are no strangers.',
  },
} as const satisfies Record<string, Setting>

function isHostOrAddress(entry: string): boolean {
  if (entry.startsWith('https://')) {
    const url = URL.parse(entry)
    return url?.href === entry && url.pathname !== '/' && url.hash === '' && url.username === ''
  }
  const url = /^[a-z0-9.:[\]-]+$/.test(entry) ? URL.parse(`https://${entry}/`) : null
  return url?.host === entry && !url.hostname.endsWith('.')
}
