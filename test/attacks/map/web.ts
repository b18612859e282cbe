type Attack = { readonly id: string; readonly kind: string; readonly tests: readonly string[] }

/** Attacks by way of browsers, clients and their metadata, each with the tests that hold it. */
export const WEB_ATTACKS: readonly Attack[] = [
  {
    id: 'cookie-tossing',
    kind: 'Another subdomain, or plain http, plants a cookie of ours.',
    tests: [
      'test/attacks/cookie-names.test.ts › on https every cookie of the public pages is one that browsers take from this very host over TLS only',
      'test/admin/console.test.ts › behind TLS it is for TLS only, and no subdomain can set it',
    ],
  },
]
