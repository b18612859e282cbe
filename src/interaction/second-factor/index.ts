import type { Proofs } from '../../customers/proof.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import type { Interactions } from '../../oauth/browser/interactions.ts'
import type { Storage } from '../../storage/storage.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import { type CompleteDeps, createComplete } from './complete-sign-in.ts'
import type { RememberedBrowser } from './remembered-cookie.ts'
import { createSecondFactorStep } from './second-factor-step.ts'
import { createSetUpStep } from './set-up-step.ts'
import { createStagedSignIns } from './staged-factor.ts'

/** What the pages for second factors are built on. */
export type SecondFactorDeps = Pick<CompleteDeps, 'markBrowser' | 'tell'> & {
  readonly factors: CustomerFactors
  readonly browser: RememberedBrowser
  readonly proofs: Proofs
  readonly storage: Pick<Storage, 'get' | 'put' | 'consume'>
}

type Deps = SecondFactorDeps &
  Pick<CompleteDeps, 'demandChange'> & {
    readonly interactions: Pick<Interactions, 'finishLogin' | 'abort'>
    readonly show: InteractionPages
  }

/** The steps of a sign-in that come after the right password: showing a second factor, or setting one up. */
export function createSecondFactorSteps(deps: Deps) {
  const common = { ...deps, staged: createStagedSignIns(deps), complete: createComplete(deps) }
  return { secondFactor: createSecondFactorStep(common), setUp: createSetUpStep(common) }
}
