import type { HeaderList } from '../http/security-headers.ts'
import type { FastRequest } from './request.ts'
import type { FormRule, Rule } from './rule.ts'

/** An answer with status 200: every other one is the engine's. */
export type FastAnswer = {
  /** Besides those that every answer has. */
  readonly headers: HeaderList
  readonly body: string
}

/**
 * One kind of request that is answered without Koa and the engine. `answer` gives the very answer that the engine would
 * give; undefined leaves the request to it. An error is for the engine to find again, and to say.
 */
export type FastEndpoint = AtOnce | Asking

/** What is answered from memory. */
export type AtOnce = {
  readonly rule: Rule
  /** Its name in metrics. */
  readonly route: string
  answer(request: FastRequest): FastAnswer | undefined
}

/** What has a form, and asks stores. */
export type Asking = {
  readonly rule: Rule
  readonly form: FormRule
  readonly route: string
  answer(request: FastRequest): Promise<FastAnswer | undefined>
}

/** Thrown where something was done before the error: the engine may only say it. */
export class AlreadyActed extends Error {
  constructor(cause: unknown) {
    super('a request failed after something was done for it', { cause })
  }
}

/** Headers of what the engine answers to a client that is no browser, as it writes them. */
export const CLIENT_ANSWER: HeaderList = answerExposing('WWW-Authenticate')

/** The same at the token endpoint, which may give nonces for DPoP proofs. */
export const TOKEN_ANSWER: HeaderList = answerExposing('DPoP-Nonce,WWW-Authenticate')

function answerExposing(exposed: string): HeaderList {
  return [
    'Vary',
    'Origin',
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Expose-Headers',
    exposed,
    'cache-control',
    'no-store',
    'Content-Type',
    'application/json; charset=utf-8',
  ]
}
