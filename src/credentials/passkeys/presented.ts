import { z } from 'zod'

/** Of a credential's id (WebAuthn §4: at most 1023 bytes), as base64url. */
const MAX_ID_LENGTH = 1364
const MAX_LENGTH = 12_000

const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\w-]+$/)
const credential = {
  id: base64url(MAX_ID_LENGTH),
  rawId: base64url(MAX_ID_LENGTH),
  type: z.literal('public-key'),
}

const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(MAX_LENGTH),
    authenticatorData: base64url(MAX_LENGTH),
    signature: base64url(MAX_LENGTH),
    userHandle: base64url(100).nullish(),
  }),
})

const attestation = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(MAX_LENGTH),
    attestationObject: base64url(MAX_LENGTH),
    transports: z
      .array(
        z
          .string()
          .max(32)
          .regex(/^[a-z-]+$/),
      )
      .max(10)
      .optional(),
  }),
})

const clientData = z.object({
  challenge: z.string().max(200),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
})

/** What a browser sends to sign in, with the challenge that it answers. */
export type PresentedAssertion = z.infer<typeof assertion> & { readonly challenge: string }
/** What a browser sends to add a passkey, with the challenge that it answers. */
export type PresentedAttestation = z.infer<typeof attestation> & { readonly challenge: string }

/** Reads the JSON of an assertion; undefined when it is none, or was made in a frame on a page of others. */
export function readAssertion(json: string): PresentedAssertion | undefined {
  return read(assertion, json)
}

/** The same of a new credential. */
export function readAttestation(json: string): PresentedAttestation | undefined {
  return read(attestation, json)
}

function read<Presented extends { readonly response: { readonly clientDataJSON: string } }>(
  schema: z.ZodType<Presented>,
  json: string,
): (Presented & { readonly challenge: string }) | undefined {
  const presented = schema.safeParse(parse(json))
  if (!presented.success) return undefined
  const { clientDataJSON } = presented.data.response
  const client = clientData.safeParse(parse(Buffer.from(clientDataJSON, 'base64url').toString()))
  if (!client.success || client.data.crossOrigin || client.data.topOrigin !== undefined) return undefined
  return { ...presented.data, challenge: client.data.challenge }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
