import type { ClientMetadata } from '../../clients/client.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import type { Storage } from '../../storage/storage.ts'
import type { DemandFactor } from '../grants/refresh-token.ts'
import { type AccountStepsDeps, createAccountSteps } from './account-steps.ts'
import { type AnswerDeps, createAnswer, showsOwnScreens } from './answer.ts'
import { createAuthSessions } from './auth-sessions.ts'
import type { ChallengeEndpoint } from './endpoint.ts'
import { createDemandFactor } from './factor-due.ts'
import { createFirstProofs, type FirstProofsDeps } from './first-proofs.ts'
import { createFlow, type FlowDeps } from './flow.ts'
import { createSaySteps, type SayStepsDeps } from './say-steps.ts'
import { createSecondProofs, type SecondProofsDeps } from './second-proofs.ts'

/** What the sign-in screens of apps are built on. */
export type ChallengeDeps = FirstProofsDeps &
  SecondProofsDeps &
  AccountStepsDeps &
  SayStepsDeps &
  Pick<AnswerDeps, 'proofs' | 'cutOffs' | 'findClient' | 'noteClientSession'> &
  Pick<FlowDeps, 'hasPasskey' | 'isOfUpstream'> & {
    readonly storage: Pick<Storage, 'get' | 'putOnce' | 'swap' | 'remove'>
    readonly factors: CustomerFactors
    readonly proofs: FirstProofsDeps['proofs'] & SecondProofsDeps['proofs']
    readonly isListedOrigin: ChallengeEndpoint['isListedOrigin']
  }

/** The endpoint, and what it has to say to refreshes. */
export type Challenge = { readonly endpoint: ChallengeEndpoint; readonly demandFactor: DemandFactor }

export function createChallenge(deps: ChallengeDeps): Challenge {
  const sessions = createAuthSessions(deps)
  const saySteps = createSaySteps(deps)
  const flow = createFlow({
    ...deps,
    firstProofs: createFirstProofs(deps),
    secondProofs: createSecondProofs(deps),
    accountSteps: createAccountSteps(deps),
    offers: {
      code: deps.oneTimePasswords !== undefined,
      passkey: deps.passkeyOptions !== undefined,
      confirmation: deps.confirmEmail !== undefined,
      newPassword: deps.passwordChange !== undefined,
    },
  })
  return {
    endpoint: {
      sessions,
      answer: createAnswer({ ...deps, sessions, flow, saySteps }),
      isListedOrigin: deps.isListedOrigin,
      allowsOrigin: async (clientId, origin) => listsOrigin(await deps.findClient(clientId), origin),
    },
    demandFactor: createDemandFactor({ ...deps, sessions, saySteps }),
  }
}

function listsOrigin(client: ClientMetadata | undefined, origin: string): boolean {
  return (
    client !== undefined && showsOwnScreens(client) && client.authorization_challenge_origins?.includes(origin) === true
  )
}
