import type { Provider } from 'oidc-provider'

/** Whether what was proved then still signs a person in. */
export type ProofHolds = (proof: unknown) => Promise<boolean>

/**
 * A sign-in that our pages ended waits in its interaction until the browser comes back for it, for as long as the
 * interaction lives, and once more behind the consent page. Whenever it is read its proof is measured again; one that no
 * longer holds is no sign-in, and the library asks for a new one.
 */
export function measureStagedSignIns(provider: Provider, proofHolds: ProofHolds): void {
  const Model = provider.Interaction as unknown as Interactions // its published type is generic over its own instances
  const find = Model.find.bind(Model)
  Model.find = async (id, options) => {
    const found = await find(id, options)
    const { login } = found?.result ?? {}
    if (found?.result && login && !(await proofHolds(proofIn(login, found.iat)))) delete found.result.login
    return found
  }
}

/** One that a node of an earlier release put there has none: it is as old as its interaction at most. */
function proofIn({ proof, accountId }: Staged, iat = 0): unknown {
  return proof ?? { customerId: accountId, madeAtMs: iat * 1000 }
}

type Staged = { readonly accountId: string; readonly proof?: unknown }
type Found = { readonly iat?: number; readonly result?: { login?: Staged } }
type Interactions = { find(id: string, options?: object): Promise<Found | undefined> }
