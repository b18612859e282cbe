import { createChallengeOrigins } from '../../clients/challenge-origins.ts'
import type { Config } from '../../config.ts'
import { watchSecondFactors } from '../../oauth/accounts/watch-logins.ts'
import { type Challenge, createChallenge } from '../../oauth/challenge/index.ts'
import { createFindUpstream } from '../../upstreams/find-upstream.ts'
import type { Backends } from '../backends.ts'
import type { AccountServices } from '../services/account.ts'
import type { BackChannelServices } from '../services/back-channel.ts'
import type { ClientServices } from '../services/clients.ts'
import type { CustomerServices } from '../services/customers.ts'
import type { TokenServices } from '../services/tokens.ts'
import type { UpstreamServices } from '../services/upstreams.ts'

type ChallengeBackends = Pick<Backends, 'database' | 'storage' | 'auditTrail' | 'metrics' | 'passwordPolicy'>

type ChallengeServicesDeps = {
  readonly account: Pick<AccountServices, 'memberships'>
  readonly backChannel: Pick<BackChannelServices, 'noteClientSession'>
  readonly clients: Pick<ClientServices, 'findClient'>
  readonly customers: CustomerServices
  readonly tokens: Pick<TokenServices, 'cutOffs'>
  readonly upstreams: Pick<UpstreamServices, 'registry'>
}

/** Sign-in screens of apps; undefined where AUTHORIZATION_CHALLENGE is off. */
export function createChallengeServices(
  config: Config,
  { database: { knex }, storage, auditTrail, metrics, passwordPolicy }: ChallengeBackends,
  { account: { memberships }, backChannel, clients, customers, tokens, upstreams }: ChallengeServicesDeps,
): Challenge | undefined {
  if (config.AUTHORIZATION_CHALLENGE !== 'on') return undefined
  const { passkeys, recovery, lockout } = customers
  const findUpstream = createFindUpstream(upstreams.registry)
  return createChallenge({
    storage,
    findClient: clients.findClient,
    isListedOrigin: createChallengeOrigins({ knex }).isListed,
    cutOffs: tokens.cutOffs,
    noteClientSession: backChannel.noteClientSession,
    proofs: customers.proofs,
    authenticate: customers.authenticate,
    ...(config.SIGN_IN_CODE === 'offered' && recovery && { oneTimePasswords: customers.oneTimePasswords }),
    factors: customers.factors.factors,
    hasPasskey: async (customerId) => ((await passkeys?.ofCustomers.list(customerId)) ?? []).length > 0,
    ...(passkeys && { signInByPasskey: passkeys.signIn, passkeyOptions: passkeys.passkeys.requestOptions }),
    confirmEmail: recovery?.rows.confirmEmail,
    passwordChange: customers.passwordChange,
    minPasswordLength: passwordPolicy.minLength,
    noteChosen: memberships?.noteChosen,
    lastChosen: memberships?.lastChosen,
    isOfUpstream: (login) => findUpstream(login) !== undefined,
    audit: auditTrail.append,
    tell: watchSecondFactors(auditTrail.append, metrics),
    rememberPlace: (login, ip) => lockout.remember(login, { ip }),
  })
}
