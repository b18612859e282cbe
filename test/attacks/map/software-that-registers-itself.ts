import type { Attack } from './attack.ts'

/** Attacks by software that no operator knows. */
export const attacks: readonly Attack[] = [
  {
    id: 'registration-places',
    kind: 'Software registers a place for codes that is not its own, that runs what it is sent, or that anybody on the way can read.',
    reference: 'RFC 9700 §4.1',
    tests: [
      'test/client-endpoints/registration.test.ts › is refused with %s as its place: invalid_redirect_uri',
      'test/endpoints/redirect-uri.test.ts › are nowhere else: %s',
      'test/endpoints/redirect-uri.test.ts › come back on any port of loopback, and the code is redeemed with that very address: %s',
    ],
  },
  {
    id: 'registration-rights',
    kind: 'Software registers itself as the shop’s own, with rights, addresses to be called, or pages and pictures of others.',
    tests: [
      'test/client-endpoints/registration.test.ts › is marked for operators, is no software of the shop, and proves nothing',
      'test/client-endpoints/registration.test.ts › gets scopes that it did not name, for the next service, but none that manages',
      'test/client-endpoints/registration.test.ts › keeps pages of its own host only',
      'test/client-endpoints/registration.test.ts › names the host that the answer goes to, and never the shop as who added it',
    ],
  },
  {
    id: 'registration-flood',
    kind: 'A stranger fills the list of clients, or uses one token for more clients than it is for.',
    tests: [
      'test/client-endpoints/registration.test.ts › one network registers so many clients within an hour, and others still do',
      'test/client-endpoints/registration.test.ts › a token is for so many clients: of many that race for the last use one has it',
      'test/client-endpoints/unused-clients.test.ts › are removed when nobody uses them, at once also where they were looked up before',
    ],
  },
  {
    id: 'registration-of-others',
    kind: 'A client reads, changes or removes the registration of another, or becomes another app after people allowed it.',
    reference: 'RFC 7592 §5',
    tests: [
      'test/client-endpoints/registration.test.ts › no other token reads it, and whether there is such a client is not told',
      'test/client-endpoints/registration.test.ts › it replaces it; another name or place ends what people allowed',
      'test/client-endpoints/registration.test.ts › one that an operator adopted is out of its hands',
    ],
  },
  {
    id: 'agent-mix-up',
    kind: 'A service or an answer sends an agent to another authorization server, or an agent takes a token to another service.',
    reference: 'RFC 9207',
    tests: [
      'test/browser/agents-at-mcp.test.ts › is warned by the newer SDK of an answer of another issuer, and redeems no code',
      'test/browser/agents-at-mcp.test.ts › is warned by the newer SDK of metadata of another issuer',
      'test/browser/agents-at-mcp.test.ts › gets nowhere with a token for another service',
    ],
  },
]
