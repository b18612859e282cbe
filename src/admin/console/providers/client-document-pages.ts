import type { ShownBlock, ShownDocument } from '../../routes/unregistered/client-document-routes.ts'
import { confirmPage } from '../confirm-page.ts'
import { type Listing, listAddress, pageLinks } from '../listing.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'

const BASE = '/console/client-documents'

/** What each act says before it is done. */
const ACTS = {
  block: {
    title: 'Block this host',
    consequence:
      'No sign-in begins with its documents, and every token of its clients ends now. Letting it in again brings no token back.',
    button: 'Block it',
    done: 'document-blocked',
    isDangerous: true,
  },
  unblock: {
    title: 'Let this in again',
    consequence: 'Sign-ins can begin with its documents again. People allow its apps anew.',
    button: 'Let it in',
    done: 'document-unblocked',
  },
} as const

/** Clients that metadata documents describe, and whom operators shut out. */
export const clientDocumentPages: readonly ConsolePage[] = [
  {
    path: '/client-documents',
    async open(request) {
      const [{ items: documents, next }, { items: blocks }] = await Promise.all([
        request.api.get<Listing<ShownDocument>>(listAddress(request, '/v1/client-documents')),
        request.api.get<Listing<ShownBlock>>('/v1/client-documents/blocks?limit=200'),
      ])
      request.show('client-documents', {
        title: 'Apps that nobody registered',
        documents,
        blocks,
        ...pageLinks(request, next),
      })
    },
  },
  ...(['block', 'unblock'] as const).map((name) => {
    const { done, ...question } = ACTS[name]
    return confirmPage({
      path: `/client-documents/:target/${name}`,
      ask: (request) => ({ ...question, subject: targetOf(request), back: BASE }),
      act: (request) =>
        request.api.send('POST', `/v1/client-documents/${name}`, { body: { target: targetOf(request) } }),
      done,
    })
  }),
]

function targetOf({ params: { target = '' } }: ConsoleRequest): string {
  return target
}
