import type { AccessRefused } from '../refused.ts'
import { type ChallengeOptions, challengeOf } from './challenge.ts'
import { type Answer, type ErrorStyle, type ErrorStyleName, STYLES } from './style.ts'

/** How a refusal becomes an answer: the style's status and body, with the headers that every style has. */
export function createAnswer(
  style: ErrorStyle | ErrorStyleName,
  options: ChallengeOptions,
): (refused: AccessRefused) => Answer {
  const write = typeof style === 'function' ? style : STYLES[style]
  if (!write)
    throw new TypeError(`createResourceServer: errors is one of ${Object.keys(STYLES).join(', ')}, or a function`)
  return (refused) => {
    const { status, contentType, body } = write(refused)
    const challenge = challengeOf(refused, options)
    const { dpopNonce, retryAfterSeconds } = refused.details
    const headers = {
      'Cache-Control': 'no-store',
      ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
      ...(dpopNonce !== undefined && { 'DPoP-Nonce': dpopNonce }),
      ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
      ...(contentType !== undefined && { 'Content-Type': contentType }),
    }
    return { status, headers, body }
  }
}
