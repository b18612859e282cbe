import { generateSecret, generateURI, verify } from 'otplib'

/** A clock of a telephone may be one period off, either way (RFC 6238 §5.2). */
const TOLERANCE_SECONDS = 30
const CODE = /^\d{6}$/

/** A new secret, with the address an authenticator app reads as a QR code. */
export function newTotp(issuer: string, label: string): { secret: string; uri: string } {
  const secret = generateSecret()
  return { secret, uri: generateURI({ issuer, label, secret }) }
}

/** The time step that `code` belongs to (RFC 6238 §4.2), six digits of 30 seconds; undefined when it is wrong. */
export async function timeStepOf(secret: string, code: string): Promise<number | undefined> {
  if (!CODE.test(code)) return undefined
  const result = await verify({ secret, token: code, epochTolerance: TOLERANCE_SECONDS })
  return result.valid && 'timeStep' in result ? result.timeStep : undefined
}
