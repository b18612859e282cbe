import type { OAuthFailure, OAuthParameters } from '../../dialect.ts'
import { GUEST } from '../account-messages.ts'
import { findCustomer, signOut } from '../callers.ts'
import { type GivenTokens, readCodeSignIn, readSignIn } from '../customer-sign-in.ts'
import { outageMessage } from '../messages.ts'
import { ask } from '../shop.ts'
import { signInMessage } from '../sign-in.ts'
import { membersOf } from '../token-answer.ts'
import type { Asked } from './asked.ts'
import { outage, refusal } from './execute.ts'

type Read = { readonly given: GivenTokens } | { readonly ask: OAuthParameters }

/** How customers get tokens, and give them back. */
export function signInFields({ request, services, shop }: Asked) {
  async function tokensOf(read: Read) {
    if ('given' in read) return membersOf(read.given)
    const issued = await services.issue(read.ask)
    if (issued.outcome === 'issued') return membersOf(issued.tokens)
    throw signInRefusal(issued.failure)
  }
  return {
    async generateCustomerToken({ email, password }: { email: string; password: string }) {
      given({ email, password })
      return tokensOf(await readSignIn({ username: email, password }, services))
    },
    async exchangeOtpForCustomerToken({ email, otp }: { email: string; otp: string }) {
      given({ email, otp })
      return tokensOf(await readCodeSignIn(email, otp, services))
    },
    async refreshCustomerToken({ refresh_token }: { refresh_token: string }) {
      given({ refresh_token })
      const issued = await services.issue(ask.byRefreshToken(refresh_token))
      if (issued.outcome === 'issued') return membersOf(issued.tokens)
      throw issued.failure.status >= 500 ? failed(issued.failure) : refusal(GUEST, 'graphql-authentication')
    },
    async revokeCustomerToken() {
      const shown = await findCustomer(request, services)
      if (!shown) throw refusal(GUEST, 'graphql-authorization')
      await signOut(shown, services, shop.revokes)
      return { result: true }
    },
  }
}

/** Texts that may not be empty. */
export function given(texts: Readonly<Record<string, string>>): void {
  const empty = Object.keys(texts).find((name) => texts[name] === '')
  if (empty !== undefined) throw refusal(`Specify the "${empty}" value.`, 'graphql-input')
}

function signInRefusal(failure: OAuthFailure): Error {
  if (failure.status >= 500) return failed(failure)
  return refusal(signInMessage(failure) ?? outageMessage({ status: 500 }), 'graphql-authentication')
}

/** We failed, or cannot answer right now. */
export function failed(failure: OAuthFailure): Error {
  return outage(outageMessage(failure), failure)
}
