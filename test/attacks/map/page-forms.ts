import type { Attack } from './attack.ts'

/** Attacks by way of the forms and links outside the account pages. */
export const attacks: readonly Attack[] = [
  {
    id: 'forged-page-forms',
    kind: 'A form of a page is sent by another site, a sibling domain or another browser, or in a shape that no browser sends.',
    tests: [
      'test/attacks/page-forms.test.ts › a form %s that did not come from its page changes nothing, and the genuine one then works',
      'test/attacks/page-forms.test.ts › signing out and connecting a device need the form of their page (%j)',
    ],
  },
  {
    id: 'framed-pages',
    kind: 'A page is framed by another site, so that a click on it does something else than it seems to.',
    tests: ['test/attacks/page-forms.test.ts › %s is framed, sniffed and kept by nobody, signed in or not'],
  },
  {
    id: 'looked-at-links',
    kind: 'A program that looks at mails opens each link in them, and so uses it up or does what it is for.',
    tests: [
      'test/attacks/looked-at-links.test.ts › a link %s is used up by who sends its form, once, and by nobody who looks',
    ],
  },
]
