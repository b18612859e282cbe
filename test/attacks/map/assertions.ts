import type { Attack } from './attack.ts'

const FILE = 'test/attacks/assertions.test.ts'
const VERDICT = 'test/issuers/assertion.test.ts'
const GRANT = 'test/issuers/jwt-bearer.test.ts'
const GOOGLE = 'test/issuers/google-linking.test.ts'

/** Attacks by way of assertions and those who sign them, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'assertion-forged',
    kind: 'An assertion is unsigned, signed with a public key as a secret, changed, or brings its key along.',
    reference: 'RFC 7523 §3, RFC 8725 §2.1, §3.1',
    tests: [
      `${VERDICT} › with %s`,
      `${VERDICT} › not one that is signed by nobody`,
      `${VERDICT} › not one that is signed with the public key as a shared secret`,
      `${VERDICT} › not one that was changed`,
      `${VERDICT} › a key of 1024 bits signs nothing`,
    ],
  },
  {
    id: 'assertion-confused',
    kind: 'A JWT that was made for something else, or by the rules of another issuer, is presented as an assertion.',
    reference: 'RFC 8725 §3.11, §3.12',
    tests: [
      `${FILE} › an access token and an ID token of this server`,
      `${FILE} › an ID token that signs the same person in here by the same issuer`,
      `${FILE} › an assertion of one issuer with the name of another in it`,
      `${FILE} › the rules of another kind cannot be chosen by the assertion or the request`,
    ],
  },
  {
    id: 'assertion-replayed',
    kind: 'An assertion that is good once is used again, on another node or at the same moment, or one of another client is used.',
    reference: 'RFC 7523 §3',
    tests: [
      `${GRANT} › gives tokens once of 20 times at once`,
      'test/issuers/two-nodes.test.ts › an assertion that is good once gives tokens once of 40 times at once',
      `${FILE} › a used assertion does not come back to life once its jti is forgotten`,
      `${FILE} › a client that stole the ID-JAG of another gets nothing by it`,
    ],
  },
  {
    id: 'assertion-account-takeover',
    kind: 'An issuer names the address of somebody else, or makes an account for it before its owner comes.',
    reference: 'CWE-287',
    tests: [
      `${GRANT} › is refused, and never joined to the account of their address`,
      `${GOOGLE} › opens no account by the address of %s`,
      `${FILE} › an account that an issuer made for the address of somebody else is the owner’s once they recover it`,
    ],
  },
  {
    id: 'assertion-after-withdrawal',
    kind: 'A client whose access the customer has taken back presents the next assertion about them.',
    tests: [
      `${FILE} › an assistant whose access was withdrawn does not bring it back, until its customer connects the company again`,
      `${FILE} › a scope that a customer took from an assistant does not come back by the next assertion, until they connect the company again`,
      `${GOOGLE} › a link that Google got by itself is on the account page of its owner, and withdrawing it ends its tokens`,
      `${GOOGLE} › does not connect by the mailbox what its owner took away, with the access of Google`,
    ],
  },
  {
    id: 'assertion-more-than-trusted',
    kind: 'An issuer, or a client with its assertion, takes more than its record gives: other scopes, services, companies, agents, or clients.',
    tests: [
      `${GRANT} › are those that the request, the assertion and the record have in common, and the answer says which`,
      `${GRANT} › is one that the record allows`,
      `${GRANT} › of an issuer for some companies act for these alone`,
      `${GRANT} › name who acts, with who says so; an agent of the shop acts by no word of others`,
      `${GOOGLE} › another client than the one that Google has here, for each intent`,
    ],
  },
  {
    id: 'assertion-key-fetching',
    kind: 'Keys of an issuer are huge, slow, redirected, in a private network, or unknown in every request.',
    reference: 'CWE-918, CWE-400',
    tests: [
      `${VERDICT} › are not what answers with %s`,
      `${VERDICT} › that are shared secrets, private or huge are left out`,
      `${VERDICT} › and not at an address that is not public`,
      `${VERDICT} › an unknown one has them fetched anew, once a minute however often it is named`,
      `${VERDICT} › that cannot be had are no keys: nothing is taken, and nobody waits twice`,
    ],
  },
  {
    id: 'assertion-hostile-claims',
    kind: 'Claims are of wrong types, too long, too deep, or texts that no database keeps.',
    reference: 'CWE-20',
    tests: [`${FILE} › what cannot be stored, or is too much, is refused and is no error of the server`],
  },
  {
    id: 'assertion-oracle',
    kind: 'Answers tell who is trusted, or whether an address has an account.',
    reference: 'CWE-203',
    tests: [
      `${GRANT} › is in the metadata: the grant type and the profile, and never who is trusted`,
      `${GRANT} › is one answer for each thing that is wrong, except a claim of an assertion that is signed`,
      `${GOOGLE} › gives no tokens, is on record each time, and names nobody`,
      `${FILE} › nothing of an assertion is in the log`,
    ],
  },
]
