import { z } from 'zod'
import { isFapi } from './security-profile.ts'

/** Members of our own, of clients that show sign-in screens of their own (OAuth 2.0 for First-Party Applications). */
export const ownScreenMembers = {
  authorization_challenge: z
    .boolean()
    .optional()
    .describe(
      'Lets it show sign-in screens of its own, which see the passwords of customers (OAuth 2.0 for First-Party Applications). Only for software of the shop (first_party), by an operator alone, and where AUTHORIZATION_CHALLENGE is on.',
    ),
  authorization_challenge_origins: z
    .array(
      z
        .url({ protocol: /^https?$/ })
        .refine(isWebOrigin, 'must be an origin such as https://shop.example, without a path'),
    )
    .max(20)
    .readonly()
    .optional()
    .describe(
      'Web origins whose pages may show those screens, with a DPoP proof in every request. Unless given: none. Every script on such a page can read what customers type, so the redirect is safer.',
    ),
  second_factor_max_age_seconds: z
    .int()
    .positive()
    .optional()
    .describe(
      'How old a second factor may be when it refreshes tokens of a customer who has one: later it gets 403 insufficient_authorization, and asks for the factor on its own screens. Needs authorization_challenge.',
    ),
} as const

type OwnScreens = {
  readonly first_party?: boolean | undefined
  readonly grant_types?: readonly string[] | undefined
  readonly authorization_challenge?: boolean | undefined
  readonly authorization_challenge_origins?: readonly string[] | undefined
  readonly second_factor_max_age_seconds?: number | undefined
  readonly security_profile?: string | undefined
}

type Fault = { readonly member: keyof OwnScreens; readonly message: string }

/** What is missing for a client that shows screens of its own, or is there without that. Screens that see passwords are for the shop's own software. */
export function ownScreenFaults(client: OwnScreens): Fault[] {
  const { first_party, grant_types = ['authorization_code'], security_profile: profile } = client
  if (client.authorization_challenge !== true) {
    const message = 'needs authorization_challenge: set that to true, or leave this out'
    const extras = ['authorization_challenge_origins', 'second_factor_max_age_seconds'] as const
    return extras.filter((member) => client[member] !== undefined).map((member) => ({ member, message }))
  }
  const sendsToPages = isFapi(profile) || profile === 'agent-platform'
  const faults = [
    first_party !== true && 'needs first_party: software of others must not see passwords',
    sendsToPages && `contradicts security_profile ${profile}: such a client never sees what people sign in with`,
    !grant_types.includes('authorization_code') && 'needs the grant type authorization_code',
  ]
  return faults.flatMap((message) => (message ? [{ member: 'authorization_challenge' as const, message }] : []))
}

function isWebOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text
}
