import type { Attack } from './attack.ts'

const RECEIVERS = 'test/attacks/signal-receivers.test.ts'
const STREAMS = 'test/shared-signals/streams.test.ts'
const DELIVERY = 'test/shared-signals/delivery.test.ts'
const REVOCATION = 'test/signal-endpoints/global-revocation.test.ts'

/** Attacks by those who receive signals or end sign-ins for others, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'stream-of-another',
    kind: 'A receiver reads, changes, empties or removes the stream of another client, or learns that there is one.',
    reference: 'CWE-639, SSF 1.0 §8.1.1',
    tests: [
      `${STREAMS} › of another client is as one that does not exist`,
      `${STREAMS} › of the id %j does not exist`,
      `${DELIVERY} › lets another receiver not acknowledge`,
      `${STREAMS} › is one for each client, however many ask at once`,
    ],
  },
  {
    id: 'stream-tokens',
    kind: 'A token of a person, of another service, of another scope or in the address opens the streams, or shows the secret of a receiver.',
    reference: 'CAEP Interoperability Profile 1.0 §2.7, RFC 6750 §5.3',
    tests: [
      `${STREAMS} › is asked for at %s %s, with the scope of it`,
      `${STREAMS} › of ssf.read does not show the secret of the receiver`,
      `${DELIVERY} › a client from which the scope is taken is told nothing any more`,
    ],
  },
  {
    id: 'push-addresses',
    kind: 'A receiver has an internal address called by this server, at once or by a redirect, or puts headers of its own into the request.',
    reference: 'CWE-918, CWE-93',
    tests: [
      `${STREAMS} › %s is refused with 400`,
      `${DELIVERY} › %i is final: it is not sent again, and operators see it`,
    ],
  },
  {
    id: 'stream-let-go',
    kind: 'A receiver that an operator stopped lets its signals go again: by its status, by a new stream, or at the same moment.',
    reference: 'CWE-285, SSF 1.0 §8.1.2',
    tests: [
      `${RECEIVERS} › by %s is enabled by no receiver, nor removed to make another`,
      `${RECEIVERS} › is stopped where its receiver enables it at the same time`,
      `${RECEIVERS} › is not let go by the receiver, who paused %s the operator did`,
      `${RECEIVERS} › is not lost where the operator lets go what its receiver still wants held`,
      `${RECEIVERS} › who may only look changes no stream and no queue`,
    ],
  },
  {
    id: 'signals-piled-up',
    kind: 'A receiver pauses its stream, fails or never answers, so that signals pile up without end or others wait.',
    reference: 'CWE-770',
    tests: [
      `${RECEIVERS} › a stream that stays paused keeps signals for 30 days, and others lose nothing`,
      `${DELIVERY} › a receiver that fails keeps nobody else waiting`,
      `${DELIVERY} › of %j is refused with 400`,
    ],
  },
  {
    id: 'revocation-by-others',
    kind: 'Somebody without the right ends the sign-ins of a person: by a token of another kind, or by the JWT of another provider, used twice or forged.',
    reference: 'CWE-862, draft-parecki-oauth-global-token-revocation',
    tests: [
      `${REVOCATION} › with a token %s is answered 403, and ends nothing`,
      `${REVOCATION} › does not get the scope where a pattern or nothing gives it, only by name`,
      `${REVOCATION} › from whom the scope was taken loses it at once`,
      `${REVOCATION} › ends nobody who did not come by the provider`,
      `${REVOCATION} › is taken once`,
      `${REVOCATION} › %s is refused, and ends nothing`,
    ],
  },
  {
    id: 'revocation-tells-who-is-here',
    kind: 'Who may end sign-ins learns which people there are: by the status, by naming two people at once, or by the time of the answer.',
    reference: 'CWE-204, CWE-208',
    tests: [
      `${REVOCATION} › an unknown person, %j, is answered as a known one, unless the caller may look people up`,
      `${RECEIVERS} › answers the same for an address that is here beside another person, and one that is not`,
      'test/signal-endpoints/as-long.test.ts › an answer about nobody takes as long as one about somebody did lately',
      `${REVOCATION} › a caller who asks too often is told to wait`,
      `${STREAMS} › subjects that can be named are taken, others are refused, and none of the answers tells whether there is such a person`,
    ],
  },
]
