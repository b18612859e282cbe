import type { Attack } from './attack.ts'

/** Attacks by what a page shows: names, pictures, colours and addresses that others chose. */
export const attacks: readonly Attack[] = [
  {
    id: 'brand-of-others',
    kind: 'A client of others makes the pages look as if they were its own, or itself as if it were the shop.',
    tests: [
      'test/attacks/foreign-brands.test.ts › %s do not get into the header, the footer or the title of the login page',
      "test/endpoints/client-brand.test.ts › on behalf of others' clients the page stays the shop's, in the colours of the client",
    ],
  },
  {
    id: 'brand-injection',
    kind: 'A colour, a name, an address or a picture of a brand carries styles, scripts or another site into a page.',
    tests: [
      'test/attacks/foreign-brands.test.ts › a logo with a script is a picture on pages, and runs nothing where it is opened by itself',
      'test/endpoints/client-brand.test.ts › a client with the colour %j is refused',
      'test/endpoints/client-brand.test.ts › the stylesheet of a colour is data of its name: kept for a year, there for old pages, and nothing but colours',
      'test/interaction/brand.test.ts › %s=%s',
    ],
  },
  {
    id: 'words-in-an-address',
    kind: 'A link to this server puts an attacker’s words or another site on a page of the shop.',
    tests: [
      'test/attacks/foreign-brands.test.ts › %s',
      'test/attacks/foreign-brands.test.ts › the language that a link asks for, and the host it is sent to, do not lead away',
    ],
  },
]
