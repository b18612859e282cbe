import type { Attack } from './attack.ts'

/** Attacks by way of browsers, clients and their metadata, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'cookie-tossing',
    kind: 'Another subdomain, or plain http, plants a cookie of ours.',
    tests: [
      'test/attacks/cookie-names.test.ts › on https every cookie of the public pages is one that browsers take from this very host over TLS only',
      'test/attacks/cookie-names.test.ts › below the path of an issuer no cookie goes to what else its host serves',
      'test/admin/console.test.ts › behind TLS it is for TLS only, and no subdomain can set it',
      'test/attacks/planted-interactions.test.ts › a sign-in that somebody else began, planted by another subdomain, cannot be opened',
      'test/attacks/planted-interactions.test.ts › a sign-in that somebody else made, planted by another subdomain, signs nobody in',
    ],
  },
  {
    id: 'client-assertions',
    kind: 'A JWT that a client brings has members of any kind: it lives too long, or breaks the server.',
    tests: [
      'test/attacks/client-assertions.test.ts › a client assertion whose %s is refused, and nothing breaks',
      'test/attacks/client-assertions.test.ts › a client assertion is taken once, and up to five minutes ahead',
      'test/attacks/client-assertions.test.ts › a DPoP proof whose %s is anything at all is refused, and nothing breaks',
      'test/attacks/client-assertions.test.ts › an ID token hint with members of any kind is refused with a page, and nothing breaks',
    ],
  },
  {
    id: 'client-addresses',
    kind: 'A client is stored with an address that gives codes away, or that it counts on and nothing calls.',
    tests: [
      'test/attacks/client-addresses.test.ts › a client with %s is refused with the reason, however it is stored',
      'test/attacks/client-addresses.test.ts › https, loopback and schemes of apps are stored',
    ],
  },
  {
    id: 'opaque-origins',
    kind: 'A sandboxed frame of any site counts as an app whose redirect has a scheme of its own: both have the origin null.',
    reference: 'RFC 6454 §7',
    tests: [
      'test/attacks/opaque-origins.test.ts › a sandboxed frame of another site is no app with a scheme of its own: it gets no tokens',
      'test/attacks/opaque-origins.test.ts › a sandboxed frame of another site does not read what userinfo says to such an app',
    ],
  },
  {
    id: 'old-hints',
    kind: 'An ID token of a compromised key, a changed one or another client’s is believed as a hint.',
    tests: [
      'test/endpoints/logout-hints.test.ts › but not when its key was revoked, or it was changed, or is another client’s',
    ],
  },
  {
    id: 'compressed-bodies',
    kind: 'A compressed body is taken for text, or unpacks to more than the limit.',
    tests: [
      'test/endpoints/encoded-bodies.test.ts › a compressed body at %s is 415',
      'test/endpoints/encoded-bodies.test.ts › a compressed body at %s of the admin listener is 415',
    ],
  },
  {
    id: 'forgotten-routes',
    kind: 'A route that no table of tests has takes a method, a body or a text that the others refuse.',
    tests: [
      'test/attacks/every-route.test.ts › there are as many routes as a server with everything on has',
      'test/attacks/every-route.test.ts › %s refuses other methods with 405 and tells its own',
      'test/attacks/every-route.test.ts › %s refuses a compressed body with 415',
      'test/attacks/every-route.test.ts › %s refuses a body of 1 MB',
      'test/attacks/every-route.test.ts › in a path or query is an answer of %s',
      'test/attacks/every-route.test.ts › in a body is an answer of %s',
      'test/attacks/every-route.test.ts › in the fields of %s costs what a short text costs',
      'test/attacks/every-bearer-route.test.ts › %s %s answers a customer who may, whatever text comes',
      'test/attacks/every-bearer-route.test.ts › %s %s answers a client that may, whatever text comes',
      'test/attacks/every-route.test.ts › %s is below it, and nothing is beside it',
    ],
  },
  {
    id: 'client-header',
    kind: 'An Authorization header without a proof of a client lets one in.',
    tests: [
      'test/endpoints/authorization-header.test.ts › an empty secret lets no confidential client in',
      'test/endpoints/authorization-header.test.ts › is no proof of anything',
    ],
  },
]
