import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Configuration, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Customer } from '../../customers/customer.ts'
import type { Storage } from '../../storage/storage.ts'
import { asCustomerAccount, type CommerceAccount } from '../accounts/account.ts'
import { asClaims } from '../library-values.ts'
import type { Asked } from './ask-customer.ts'
import { bindingMessageFault } from './binding-message.ts'
import { createSlowDown, POLL_SECONDS } from './poll-interval.ts'

/** How long a request lives unless the client asks for less, and the longest it can ask for; seconds. */
const USUAL_SECONDS = 300
const LONGEST_SECONDS = 600
/** Requests of one client in a minute: a key that was stolen reaches no more people than that. */
const MOST_IN_A_MINUTE = 120
const LONGEST_HINT = 320
/** Answers are given at steps of this, so that their time does not tell whether there was a customer to look up and to tell. */
const STEP_MS = 250

export type CibaDeps = {
  readonly storage: Pick<Storage, 'increment'>
  readonly findByLogin: (login: string) => Promise<{ readonly customer: Customer } | undefined>
  readonly findById: (id: string) => Promise<unknown>
  readonly ask: (asked: Asked) => Promise<void>
  /** Milliseconds; a timer unless given. */
  readonly wait?: (ms: number) => Promise<unknown>
}

type Feature = NonNullable<NonNullable<Configuration['features']>['ciba']>
type Account = NonNullable<Awaited<ReturnType<NonNullable<Configuration['findAccount']>>>>

const ROUTE = 'backchannel_authentication'
/** Requests whose hint names nobody. */
const forNobody = new WeakSet<object>()
/** When requests came (`performance.now`). */
const begunAtMs = new WeakMap<object, number>()

/**
 * Approval on another device (OpenID Connect CIBA Core): poll and ping, by `login_hint` and `id_token_hint`. A hint that names nobody is
 * answered as any other: its request is pending until it is over, so that a client cannot find out who has an account.
 */
export function cibaFeature({ storage, findByLogin, ask, wait = delay }: CibaDeps): Feature {
  return {
    enabled: true,
    deliveryModes: ['poll', 'ping'],
    async processLoginHint({ oidc }, hint = '') {
      const found = hint.length > LONGEST_HINT ? undefined : await findByLogin(hint)
      if (!found) forNobody.add(oidc)
      return found?.customer.id ?? randomUUID()
    },
    async processLoginHintToken() {
      throw new errors.InvalidRequest('login_hint_token is not supported: send login_hint or id_token_hint')
    },
    async verifyUserCode(_ctx, _account, code) {
      if (code !== undefined) throw new errors.InvalidRequest('user_code is not supported: people sign in to approve')
    },
    async validateRequestContext(ctx, context) {
      begunAtMs.set(ctx.oidc, performance.now())
      if (context !== undefined) throw new errors.InvalidRequest('request_context is not supported')
      // The page of an approval shows no mandate, and what is not shown is not granted.
      if (ctx.oidc.params?.authorization_details !== undefined)
        throw new errors.InvalidAuthorizationDetails(
          'authorization_details are asked for at the authorization endpoint',
        )
      const asked = await storage.increment(`ciba:client:${ctx.oidc.client?.clientId}`, 60)
      if (asked <= MOST_IN_A_MINUTE) return
      ctx.set('Retry-After', '60')
      throw new errors.TemporarilyUnavailable(`a client has ${MOST_IN_A_MINUTE} requests a minute`)
    },
    async validateBindingMessage(_ctx, message) {
      const fault = bindingMessageFault(message)
      if (fault) throw new errors.InvalidBindingMessage(fault)
    },
    async triggerAuthenticationDevice(ctx, request, account, client) {
      Object.assign(ctx.body as object, { interval: POLL_SECONDS }) // as the library has just written it
      const customer = asCustomerAccount(account as CommerceAccount)?.customer // `findAccount` gives no other
      await ask({ request, client, customer })
      const spentMs = performance.now() - (begunAtMs.get(ctx.oidc) ?? 0)
      await wait(STEP_MS - (spentMs % STEP_MS))
    },
  }
}

/** How long the request under way lives. */
export function requestSeconds(ctx: KoaContextWithOIDC | undefined): number {
  const asked = Number(ctx?.oidc?.params?.requested_expiry ?? USUAL_SECONDS)
  return Math.min(LONGEST_SECONDS, Number.isSafeInteger(asked) && asked > 0 ? asked : USUAL_SECONDS)
}

/**
 * The account of a request to /backchannel: where there is none that may act, one that stands for nobody.
 */
export function createAccountForRequest({ findById }: Pick<CibaDeps, 'findById'>) {
  return async function accountForRequest(
    { oidc }: KoaContextWithOIDC,
    accountId: string,
    find: () => Promise<Account | undefined>,
  ): Promise<Account> {
    if (forNobody.has(oidc)) await findById(accountId) // as long as it takes for a customer
    const found = forNobody.has(oidc) ? undefined : await find()
    // Agents approve nothing here.
    return found && asCustomerAccount(found as CommerceAccount) ? found : nobody(accountId)
  }
}

function nobody(accountId: string): Account {
  return { accountId, claims: () => asClaims({ sub: accountId }), agent: undefined }
}

/** Whether the request under way is one for approval. */
export function isForApproval({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.route === ROUTE
}

/** Has every question for an outcome counted, before it is looked for. */
export function limitPolls({ BackchannelAuthenticationRequest: Model }: Provider, storage: CibaDeps['storage']): void {
  const slowDown = createSlowDown(storage)
  const find = Model.find.bind(Model)
  Object.assign(Model, {
    async find(...asked: Parameters<typeof find>) {
      const ctx = Provider.ctx
      if (ctx) await slowDown(ctx)
      return find(...asked)
    },
  })
}
