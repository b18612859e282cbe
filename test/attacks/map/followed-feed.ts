import type { Attack } from './attack.ts'

const FEED = 'test/attacks/followed-feed.test.ts'
const REVOCATIONS = 'test/resource-server/revocations.test.ts'
const KEYS = 'test/resource-server/keys.test.ts'
const BINDING = 'test/resource-server/binding.test.ts'

/** Attacks on services that check tokens by themselves, and on the feed that they follow, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'feed-kept-away',
    kind: 'Somebody between a service and the server hands it pages that leave out what ended: of the middle, of old, or some of several.',
    reference: 'CWE-345, CWE-294',
    tests: [
      `${FEED} › while it was given a page of the middle in place of the snapshot`,
      `${FEED} › while it has only some pages of the snapshot, whatever keeps the others away`,
      `${FEED} › once its last whole view is over, although new pages that others follow come in`,
      `${FEED} › what a service knows to be revoked stays so when the server says that it has no feed`,
      `${REVOCATIONS} › a feed with fewer entries than before is told, and what is at hand still counts`,
      `${REVOCATIONS} › entries that the server no longer has in between make it take the snapshot`,
    ],
  },
  {
    id: 'feed-forged',
    kind: 'A page of another issuer, key, type or time, or one that is larger than memory, passes for the feed.',
    reference: 'RFC 8725 §3.11',
    tests: [`${REVOCATIONS} › %s: the service is blind`],
  },
  {
    id: 'feed-crowded-out',
    kind: 'A stranger takes all places to wait, or makes cursors up, so that services fetch everything again or the server signs for each.',
    reference: 'CWE-770',
    tests: [
      `${FEED} › a service that may not wait at the server polls it, from where it was`,
      `${FEED} › a server that is busy (%i) is not asked for the whole snapshot by every service`,
      'test/oauth/revocation-feed/feed.test.ts › cursors that strangers make up cost the log nothing, near the head and far behind it',
      'test/oauth/revocation-feed/feed.test.ts › cursors that strangers make up cost so many signatures in a second, and no reader an ending',
    ],
  },
  {
    id: 'service-keys',
    kind: 'Tokens with made-up keys have a service fetch the key set without end, or keys that prove nothing verify them.',
    tests: [
      `${KEYS} › tokens with made-up keys fetch the key set once in a cooldown, however many come`,
      `${KEYS} › symmetric and private keys in the set verify nothing`,
      `${KEYS} › a token with an unknown key is 503 and not 401 while the server is away: the key may be new`,
    ],
  },
  {
    id: 'service-bindings',
    kind: 'A stolen token that is bound to a key or certificate passes at a service without it, or with a proof that was used.',
    reference: 'RFC 9449 §11, RFC 8705 §3',
    tests: [
      `${BINDING} › a bound token without proof, and as a bearer token, is refused`,
      `${BINDING} › a proof is good once, however many use it at a time`,
      `${BINDING} › a bound token passes on a connection with its certificate, and on no other`,
      `${BINDING} › a header that cannot be read, comes twice, or has more than one certificate is refused`,
    ],
  },
]
