import type { Attack } from './attack.ts'

const FETCH = 'test/clients/document-fetch.test.ts'
const FLOODS = 'test/endpoints/client-documents-floods.test.ts'
const ENDPOINTS = 'test/endpoints/client-documents.test.ts'

/** Attacks by documents about clients, and by those who publish them. */
export const attacks: readonly Attack[] = [
  {
    id: 'document-inside',
    kind: 'A client id, or an address in its document, leads the server to an address inside, or finds out what answers there.',
    reference: 'CWE-918',
    tests: [
      `${FETCH} › no request reaches an address inside, whatever a name leads to`,
      `${FETCH} › a name that leads elsewhere a moment later is asked once, and what was checked is called`,
      `${FETCH} › the address of keys in a document is held to the same`,
      `${ENDPOINTS} › a document that cannot be used is refused in the same words and time, whatever is wrong, and nothing of it is kept`,
    ],
  },
  {
    id: 'document-hostile',
    kind: 'A document is too large, slow, deep, of another type, says a member twice, has a secret, huge keys, or a redirect that runs something.',
    tests: [
      `${ENDPOINTS} › a document that cannot be used is refused in the same words and time, whatever is wrong, and nothing of it is kept`,
      `${FETCH} › are refused when they are %s`,
      'test/clients/documents.test.ts › JSON that programs read differently is refused',
    ],
  },
  {
    id: 'document-spellings',
    kind: 'One document has several client ids by another spelling of its address, past a list or a block.',
    tests: [
      `${ENDPOINTS} › an address that may not be a client id is refused without a fetch`,
      'test/clients/documents.test.ts › a host is listed by itself, with its port, and an address alone; other names of it are strangers',
    ],
  },
  {
    id: 'document-flood',
    kind: 'Somebody has the server fetch one address after the other, or keeps a known app out with a flood of new ones.',
    tests: [
      `${FLOODS} › a thousand bad ids in a minute from one address lead to few fetches`,
      `${FLOODS} › a flood of new ids at its host does not keep out an app that somebody let in`,
      `${ENDPOINTS} › the token, introspection and revocation endpoints fetch nothing`,
    ],
  },
  {
    id: 'document-swapped',
    kind: 'An app becomes another one after people allowed it, or while they read the consent page.',
    tests: [
      `${ENDPOINTS} › what a person allowed an app is added to later`,
      `${ENDPOINTS} › is answered for what it showed, and not for what the document says by then`,
      'test/clients/documents.test.ts › people are asked again',
    ],
  },
  {
    id: 'document-pretender',
    kind: 'A stranger takes the name of the shop or of a known app, writes markup into its name, or borrows pages of others.',
    tests: [
      'test/clients/documents.test.ts › %s and %s are taken for each other',
      `${ENDPOINTS} › sees each document with its hosts, name and people, and when it was used`,
      `${ENDPOINTS} › of a stranger shows the host in bold above its name, and that the shop does not know it`,
      `${ENDPOINTS} › warns that any program could pretend to be %s that leads to loopback`,
    ],
  },
  {
    id: 'document-rights',
    kind: 'A stranger gets rights to change things, tokens for long, or goes on after it was blocked.',
    tests: [
      `${ENDPOINTS} › %s gets the scopes of its kind, for its kind of time`,
      `${ENDPOINTS} › blocks %s: every token of it ends for good, and no sign-in begins there`,
      'test/endpoints/client-documents-nodes.test.ts › a token of one node works at the other, and ends there when the host is blocked',
    ],
  },
]
