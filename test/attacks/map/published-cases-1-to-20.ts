import type { Attack } from './attack.ts'

/** What standards warn of and what was found in other servers of this kind, numbers 1 to 20. */
export const attacks: readonly Attack[] = [
  {
    id: '01-redirect-exactness',
    kind: 'A redirect URI that is nearly the registered one gets the code.',
    reference: 'RFC 9700 §4.1; CWE-601; CVE-2026-3872, CVE-2026-7504, CVE-2024-52289',
    tests: [
      'test/endpoints/redirect-uri.test.ts › the redirect URI %j is refused with a page, and nobody is redirected',
      'test/endpoints/redirect-uri.test.ts › the port of the request is the port of the redemption',
      'test/endpoints/redirect-uri.test.ts › an app that is no native one has no choice of ports',
    ],
  },
  {
    id: '02-open-redirect',
    kind: 'A page or an endpoint of the server sends people on to another site.',
    reference: 'RFC 9700 §4.11.2; CVE-2024-39694',
    tests: [
      'test/attacks/open-redirects.test.ts › %s leads to no other site, however it is written',
      'test/endpoints/logout.test.ts › after signing out nobody is sent to %j',
      'test/attacks/hostile-requests.test.ts › with the target %s finds nothing, and sends nobody away',
      'test/admin/console.test.ts › a sign-in never leads to %s',
      'test/interaction/recovery.test.ts › leads to the issuer, whatever host the request named',
    ],
  },
  {
    id: '03-polluted-parameters',
    kind: 'A request says a thing twice, or in its address and its body, and two readers take different ones.',
    reference: 'CWE-235; CVE-2026-9689',
    tests: [
      'test/attacks/polluted-requests.test.ts › what stands in the address of %s is no parameter of it',
      'test/attacks/polluted-requests.test.ts › a form is read from the body, whatever the address says otherwise',
      'test/attacks/polluted-requests.test.ts › an authorization request by POST takes nothing from its address',
      'test/attacks/malformed-input.test.ts › %s answers every malformed field in its own words',
      'test/endpoints/redirect-uri.test.ts › no redirect URI, or two, is refused with a page',
      'test/endpoints/pushed-authorization.test.ts › parameters beside it change nothing',
    ],
  },
  {
    id: '04-code-race',
    kind: 'A code is redeemed more than once, by many at the same moment.',
    reference: 'RFC 6749 §4.1.2; CWE-362; CVE-2026-4282',
    tests: [
      'test/storage/two-nodes.test.ts › a code is redeemed once of 40 times at once; the others are refused, and the grant lives',
      'test/endpoints/authorization-code.test.ts › sent many times at once gives one set of tokens, and never a 500',
      'test/endpoints/authorization-code.test.ts › is good once: used again later, it kills what it gave',
      'test/conformance/openid-client.test.ts › a code that is used twice is refused, and takes the tokens of its first use along',
    ],
  },
  {
    id: '05-pkce',
    kind: 'The proof of who asked for a code is left out, weakened or exchanged.',
    reference: 'RFC 7636; RFC 9700 §4.5, §4.8',
    tests: [
      'test/endpoints/authorization-request.test.ts › %s is sent back to the client with an error and the state',
      'test/endpoints/authorization-code.test.ts › with %s gives nothing',
      'test/endpoints/pushed-authorization.test.ts › a request pushed %s is refused with %i %s',
      'test/conformance/openid-client.test.ts › a code is worth nothing without the verifier it was asked for with',
      'test/dialects/elastic-path/oidc.test.ts › a code with another verifier brings nothing',
    ],
  },
  {
    id: '06-refresh-race',
    kind: 'One refresh token, sent many times at once, makes several lines of tokens.',
    reference: 'RFC 9700 §4.14.2; CWE-367; CVE-2026-1035',
    tests: [
      'test/storage/two-nodes.test.ts › a refresh token shown 50 times at once is rotated once, and all get the same bytes',
      'test/storage/refresh.test.ts › fifty at once get the same bytes: one rotated, the others raced or retried',
      'test/contract/storage-race.test.ts › of 10,000 racing attempts at each of consume, putOnce and swap exactly one wins each round',
    ],
  },
  {
    id: '07-refresh-replay',
    kind: 'A refresh token that was used is used again: later, after a restart, or after a backup came back.',
    reference: 'RFC 9700 §4.14.2; CVE-2026-9802',
    tests: [
      'test/storage/refresh.test.ts › is a rotated token that is shown after the window: the family dies, audited and counted',
      'test/attacks/replayed-after-restart.test.ts › a rotated refresh token is theft after a restart too: its sign-in is over',
      'test/restore/embedded.test.ts › after the runbook for the embedded database nothing revoked is alive, and no removed key signs',
      'test/restore/postgres.test.ts › after the runbook nothing revoked is alive, and no removed key signs, though the keys were in the backup',
      'test/restore/redis.test.ts › after the runbook, under a running server, nothing revoked is alive, and no removed key signs',
    ],
  },
  {
    id: '08-refresh-mismatch',
    kind: 'A refresh token is used by another client, with another key, or for more than was granted.',
    reference: 'RFC 6749 §6',
    tests: [
      'test/storage/refresh.test.ts › another client is refused and audited, and the family goes on',
      'test/storage/refresh.test.ts › with another DPoP key, or none, is refused and audited; a retry with the right key gets the same bytes',
      'test/endpoints/refresh.test.ts › fewer scopes can be asked for, more cannot',
      'test/endpoints/refresh.test.ts › it cannot be turned into a token for a service that was not granted',
      'test/endpoints/refresh.test.ts › of a confidential client is worth nothing without the secret',
      'test/cli/commands.test.ts › a client secret is replaced while both work, and the old one ends when told',
      'test/keys/secrets-over-http.test.ts › refresh tokens and a device in progress survive a rotation; those of a dropped secret end',
    ],
  },
  {
    id: '09-after-the-end',
    kind: 'A token works, or a new one is given, after the customer, company, company user or client was switched off.',
    reference: 'CWE-613; CVE-2025-14559, CVE-2026-1609',
    tests: [
      'test/endpoints/token-verdict.test.ts › no asker takes one that is $reason',
      'test/attacks/taken-and-given-back.test.ts › what was given before does not come back with $name',
      'test/attacks/stale-proofs.test.ts › $name is worth nothing after $event',
      'test/customers/companies.test.ts › nobody acts for it: not by a token there is, not by a refresh, not by signing in',
      'test/customers/companies.test.ts › a blocked customer has no token that works, cannot refresh and cannot sign in',
      'test/admin/records.test.ts › that is removed gets no tokens, and what it was granted is dead',
    ],
  },
  {
    id: '10-sign-out-everywhere',
    kind: 'A sign-out of a customer, a client or everybody is not honoured somewhere.',
    reference: 'CVE-2026-8922',
    untested: 'There is no middleware of ours for resource servers: they introspect, or wait for the expiry.',
    tests: [
      'test/storage/two-nodes.test.ts › that signs out $of is honoured by every endpoint of every node',
      'test/oauth/cut-offs.test.ts › an earlier sign-out of $of revives nothing that a later one ended',
      'test/oauth/same-second.test.ts › $name that follows a sign-out of $of in the same second works, and the one before it does not',
      'test/oauth/sign-in-endings.test.ts › when $name, the tokens are dead, one event tells of it and one entry',
    ],
  },
  {
    id: '11-introspection-by-others',
    kind: 'A client learns about tokens that it has nothing to do with.',
    reference: 'RFC 7662 §4; CVE-2026-37979',
    untested:
      'A client that proved who it is may ask without a limit: a token cannot be guessed, and each question about a token of others is in the audit trail.',
    tests: [
      'test/endpoints/introspection.test.ts › an unrelated client',
      'test/endpoints/introspection.test.ts › a public client, even of its own token',
      'test/endpoints/introspection.test.ts › a client that does not authenticate is refused',
      'test/attacks/client-secrets.test.ts › guessing a client secret from one network ends, whatever endpoint is asked; other networks do not notice',
      'test/admin/audit-events.test.ts › a client with a wrong secret, and one that asks about tokens of others, are in the trail',
    ],
  },
  {
    id: '12-revocation-by-others',
    kind: 'A client revokes the token of another, or learns by trying whether it exists.',
    reference: 'RFC 7009 §2',
    tests: [
      'test/endpoints/revocation.test.ts › another client’s revocation is answered alike and has no effect',
      'test/endpoints/revocation.test.ts › is found whatever the hint says',
      'test/endpoints/revocation.test.ts › revoking twice, or what never was a token, is no error (RFC 7009 §2.2)',
      'test/endpoints/revocation.test.ts › a client that does not authenticate revokes nothing',
      'test/endpoints/revocation.test.ts › is dead at introspection and userinfo at once, and alone',
    ],
  },
  {
    id: '13-forged-tokens',
    kind: 'A JWT says by its own header how it is to be checked: unsigned, by a shared secret, by a key it brings.',
    reference: 'RFC 8725; CWE-347; CVE-2026-11800',
    tests: [
      'test/endpoints/introspection.test.ts › a JWT that we did not make is inactive',
      'test/attacks/forged-headers.test.ts › at %s a JWT with %s is not believed',
      'test/attacks/forged-headers.test.ts › no address in a header was called, and none of this was an error of ours',
      'test/endpoints/token-verdict.test.ts › no asker takes one that is unknown',
      'test/endpoints/discovery.test.ts › ID tokens can be had as RS256 and ES256, and no algorithm is symmetric or none',
      'test/endpoints/issuer-path.test.ts › tokens of an issuer beside it are none of ours',
    ],
  },
  {
    id: '14-client-assertions-once',
    kind: 'A client assertion is used twice, at once or later, or lives for ever.',
    reference: 'RFC 7523 §3; CWE-294',
    tests: [
      'test/attacks/one-use-two-nodes.test.ts › a client assertion lets its client in once of 60 times at once (RFC 7523 §3)',
      'test/attacks/client-assertions.test.ts › a client assertion whose %s is refused, and nothing breaks',
      'test/attacks/client-assertions.test.ts › a client assertion is taken once, and up to five minutes ahead',
      'test/storage/two-nodes.test.ts › a DPoP proof is accepted once of 20 times at once',
    ],
  },
  {
    id: '15-calls-into-the-network',
    kind: 'A client names an address inside the network, and the server calls it.',
    reference: 'CWE-918; CVE-2026-1180, CVE-2026-4366, CVE-2026-4874, CVE-2026-55671',
    untested:
      'Names that change between look-up and call are not played through: the library looks at the address that was connected to. Webhook, mail and shop services are called at addresses from the settings, which the operator vouches for.',
    tests: [
      'test/attacks/inside-the-network.test.ts › keys that a client keeps at %s are not asked for',
      'test/attacks/inside-the-network.test.ts › what a client names for people, their browsers open and the server does not',
      'test/attacks/client-addresses.test.ts › a client with %s is refused with the reason, however it is stored',
      'test/endpoints/pushed-authorization.test.ts › an address that was never given out opens nothing: %j',
      'test/attacks/forged-headers.test.ts › no address in a header was called, and none of this was an error of ours',
      'test/customers/shop-directory.test.ts › is not waited for longer than the deadline',
      'test/customers/shop-directory.test.ts › that answers without end is an outage',
    ],
  },
  {
    id: '16-network-map',
    kind: 'The answer tells what is at an address inside the network.',
    reference: 'CWE-209',
    untested:
      'The time of an answer is not measured: it tells an owner, who alone may register clients, whether a port is open.',
    tests: [
      'test/attacks/inside-the-network.test.ts › the answer does not tell what is at an address: a service, a closed port or nothing',
    ],
  },
  {
    id: '17-foreign-host',
    kind: 'A Host or forwarding header makes links, metadata or cookies of another site.',
    reference: 'CWE-644; CWE-640; CVE-2025-64101',
    tests: [
      'test/attacks/hostile-requests.test.ts › a foreign Host header poisons nothing',
      'test/endpoints/discovery.test.ts › the origin in %s is the issuer, whoever asks',
      'test/interaction/recovery.test.ts › leads to the issuer, whatever host the request named',
      'test/dialects/hosts.test.ts › whatever host is asked for, metadata names the issuer',
      'test/dialects/hosts.test.ts › is not reached by a forwarded host of a peer that is no proxy of ours',
    ],
  },
  {
    id: '18-forwarded-for',
    kind: 'A stranger chooses the address that limits count by.',
    reference: 'CWE-348; CVE-2024-47070',
    tests: [
      'test/http/address.test.ts › from %s with X-Forwarded-For "%s" the sender is %s',
      'test/http/address.test.ts › the access log and every limit know a visitor by one address, however the proxy spells it',
      'test/process/behind-nginx.test.ts › know who is at the other end of the proxy, and believe nobody else about it',
      'test/cli/doctor.test.ts › when a proxy lets visitors claim any address',
    ],
  },
  {
    id: '19-password-burst',
    kind: 'Many wrong passwords at once, over nodes, accounts and addresses, get past the limit.',
    reference: 'CWE-307',
    tests: [
      'test/attacks/lockout-two-nodes.test.ts › a burst over both nodes has no more passwords checked than the limit',
      'test/credentials/lockout.test.ts › guessing one account from many addresses is stopped',
      'test/credentials/lockout.test.ts › trying many accounts from one address is stopped',
      'test/credentials/lockout.test.ts › rotating through an IPv6 /64 is one address',
    ],
  },
  {
    id: '20-counter-reset',
    kind: 'Something else than the right password forgives wrong ones.',
    reference: 'CWE-307',
    tests: [
      "test/attacks/lockout-two-nodes.test.ts › a sign-in to another account and a refresh, of one's own, reset no counter",
      'test/attacks/lockout-kept.test.ts › asking for a mail at $name between guesses resets no counter, and lifts no lock',
      'test/interaction/unblock.test.ts › a link that is looked at lifts nothing, and one that was used lifts nothing again',
    ],
  },
]
