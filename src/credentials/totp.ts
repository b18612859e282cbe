import { generateSecret, generateURI, verify } from 'otplib'
import { typedCode } from './typed-code.ts'

/** A clock of a telephone may be one period off, either way (RFC 6238 §5.2). */
const TOLERANCE_SECONDS = 30
const CODE = /^\d{6}$/

/** A new secret, unless one is given, with the address an authenticator app reads as a QR code. */
export function newTotp(
  issuer: string,
  label: string,
  secret: string = generateSecret(),
): { secret: string; uri: string } {
  return { secret, uri: generateURI({ issuer, label, secret }) }
}

/** The time step that a typed code belongs to (RFC 6238 §4.2), six digits of 30 seconds; undefined when it is wrong. */
export async function timeStepOf(secret: string, typed: string): Promise<number | undefined> {
  const token = typedCode(typed)
  if (!CODE.test(token)) return undefined
  const result = await verify({ secret, token, epochTolerance: TOLERANCE_SECONDS })
  return result.valid && 'timeStep' in result ? result.timeStep : undefined
}
