import type { Attack } from './attack.ts'

/** Attacks on links to platforms of agents, and on scopes that want a stronger sign-in, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'links-kept-alive',
    kind: 'A platform keeps what a shopper took back: by a page that was still open, by a write that comes too late, or by the tokens of before.',
    tests: [
      'test/endpoints/agent-links.test.ts › is dead when %s',
      'test/endpoints/agent-links.test.ts › is dead when the shopper takes it back, also one that was extended',
      'test/endpoints/agent-links.test.ts › a yes to a page that was open while the link was taken back makes a new link, and brings no token back',
      'test/attacks/links-on-record.test.ts › one act ends an agent everywhere: every link, on both nodes, within seconds, and no new one',
      'test/oauth/grant-writes.test.ts › a grant that is taken back while it is widened stays taken back, and the writer is told',
    ],
  },
  {
    id: 'links-on-record',
    kind: 'Somebody who may read the trail finds tokens of links in it.',
    tests: [
      'test/attacks/links-on-record.test.ts › the trail names client, customer and grant of a run, and none of its tokens',
    ],
  },
  {
    id: 'links-widened',
    kind: 'A platform gets more than the shopper allowed: without a page, by a refresh, by an unknown scope, or from the link of somebody else.',
    tests: [
      'test/endpoints/agent-links.test.ts › each time, also in a browser in which they said yes before',
      'test/endpoints/agent-links.test.ts › a refresh never widens, and a try leaves the link as it was',
      'test/endpoints/agent-links.test.ts › is another link for another person and at another platform',
      'test/endpoints/agent-links.test.ts › that nobody knows are never granted, and the answer says what was',
    ],
  },
  {
    id: 'scope-policies-bypassed',
    kind: 'A client has a scope that wants a strong or recent sign-in without one: by a weaker wish, an essential claim, a refresh, a password, or a trade.',
    reference: 'RFC 9470',
    tests: [
      'test/endpoints/scope-policies.test.ts › prompt=none, a pushed request and a weaker wish of the client change nothing',
      'test/endpoints/scope-policies.test.ts › an essential acr of the request that is weaker brings a code, and no token with the scope',
      'test/endpoints/scope-policies.test.ts › is in no token of a refresh that comes later, which says so; alone it is refused, and the link goes on',
      'test/endpoints/scope-policies.test.ts › the password grant gives the other scopes, and refuses where none is left',
      'test/endpoints/scope-policies.test.ts › an exchange gives what the sign-in of the traded token meets',
    ],
  },
  {
    id: 'resource-aliases',
    kind: 'A token for one resource opens another one whose address differs by a slash, a case or a port; or a request has the server look for hundreds.',
    reference: 'RFC 8707 §2',
    tests: [
      'test/endpoints/agent-links.test.ts › nothing else is an alias: %s',
      'test/endpoints/agent-links.test.ts › a request that names hundreds of resources is refused at the first that is unknown',
    ],
  },
]
