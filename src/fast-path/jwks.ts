import type { AnswerKeySet } from '../oauth/engine/jwks.ts'
import type { AtOnce } from './endpoint.ts'

/** The key set (RFC 7517 §5), which every verifier fetches. One that asks whether it changed is answered by the engine. */
export function fastJwks(answerKeySet: AnswerKeySet): AtOnce {
  return {
    rule: { method: 'GET', paths: ['/jwks'], withoutHeaders: ['if-none-match'] },
    route: 'jwks',
    answer({ headers, ip }) {
      return answerKeySet({ userAgent: headers['user-agent'], address: ip })
    },
  }
}
