import { z } from 'zod'
import { isPlain } from '../plain-text.ts'
import { unknownMembers } from '../unknown-members.ts'

/** The rule sets by which an assertion is judged. */
export const ISSUER_KINDS = ['ucp', 'id-jag', 'google-linking', 'plain'] as const

/** Asymmetric ones alone: a public key is no shared secret, and `none` is no signature (RFC 8725 §2.1, §3.1). */
export const ASSERTION_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** What an `acr` of the issuer can count as here, from the weakest on. */
export const COUNTS_AS = [
  'urn:vestibule:acr:recognised',
  'urn:vestibule:acr:signed-in',
  'urn:vestibule:acr:second-factor',
] as const

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const DAY_SECONDS = 86_400

const flag = (sentence: string) => z.boolean().optional().describe(sentence)
const text = z.string().min(1).max(255).refine(isPlain, 'must be one line without control or direction characters')
const list = <Item extends z.ZodType>(item: Item, most: number) => z.array(item).min(1).max(most).readonly().optional()

const address = z.url({ protocol: /^https?$/ }).refine((value) => {
  const url = URL.parse(value)
  const isSafe = url?.protocol === 'https:' || LOOPBACK.test(url?.hostname ?? '')
  return isSafe && value.length <= 500 && !value.includes('#') && !url?.username && !url?.password
}, 'must be an https address (http on loopback) without fragment and user')

/**
 * Every member of a trusted issuer: its type, its check and its sentence. `docs/issuers.md`, the API document and the check of
 * what is stored are made of it.
 */
export const issuerMembers = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be small letters, digits and hyphens, at most 40')
    .describe('Names the issuer in commands and in the audit trail; it cannot change.'),
  name: text.max(60).optional().describe('What customers read where their account lists it. Unless given: its host.'),
  issuer: address
    .refine((value) => !value.includes('?'), 'must have no query')
    .describe('What its assertions say as iss, exactly as it writes it. One issuer has one record.'),
  kind: z
    .enum(ISSUER_KINDS)
    .describe(
      'The rules for its assertions: "ucp" is a provider of the Universal Commerce Protocol, "id-jag" a company whose assistants ask (Identity Assertion Authorization Grant), "google-linking" streamlined account linking of Google, "plain" RFC 7523 and nothing more.',
    ),
  jwks_uri: address
    .optional()
    .describe(
      'Where its keys are. Unless given: its metadata say (RFC 8414; OpenID Connect Discovery where that is 404).',
    ),
  algorithms: list(z.enum(ASSERTION_ALGORITHMS), ASSERTION_ALGORITHMS.length).describe(
    'The signatures that are taken. Unless given: RS256, PS256, ES256, EdDSA and Ed25519.',
  ),
  audience: text
    .optional()
    .describe(
      'What its assertions say as aud. Unless given: the issuer of this server. For google-linking it is needed: the client id that Google gave you.',
    ),
  single_use: flag(
    'Whether an assertion is good for one request, by its `jti`. Unless given: true for ucp, where it must be, and for plain as far as there is a `jti`; false for id-jag.',
  ),
  max_lifetime_seconds: z
    .int()
    .min(10)
    .max(DAY_SECONDS)
    .optional()
    .describe('How long its assertions may be good for. Unless given: 60 for ucp, 3600 for others.'),
  required_claims: list(text, 50).describe('Claims that an assertion must have, beside those that its kind needs.'),
  subjects: z
    .enum(['linked-only', 'provision'])
    .optional()
    .describe(
      'What happens to a person who is not connected with an account here: "linked-only" refuses them, "provision" makes an account without a password from the claim `email`. Never is an account that exists opened by an address. Unless given: linked-only.',
    ),
  matches_verified_email: flag(
    'For google-linking: whether `get` opens the account of the same address, where Google runs the mailbox and the account has a confirmed address and no second factor. Unless given: false, and the person signs in to link.',
  ),
  email_domains: list(z.string().regex(DOMAIN, 'must be a domain in small letters'), 1000).describe(
    'Domains that belong to the issuer: their addresses are confirmed in accounts that are made for it.',
  ),
  scopes: list(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must be a scope (RFC 6749 §3.3)'), 200).describe(
    'Scopes that its assertions can give at most. Unless given: those that the client can have.',
  ),
  resources: list(text, 100).describe(
    'Resource servers for which its assertions give tokens. Unless given: those that the client can use.',
  ),
  clients: list(text, 1000).describe(
    'Clients that may present its assertions. Unless given: all that may use the grant type. Needed for google-linking.',
  ),
  companies: list(z.string().regex(UUID, 'must be the id of a company, a UUID in small letters'), 1000).describe(
    'Companies for whose company users the issuer speaks: its tokens act as one of them and never for anybody else.',
  ),
  acr_map: z
    .record(text, z.enum(COUNTS_AS))
    .optional()
    .refine((map) => Object.keys(map ?? {}).length <= 50, 'must have 50 entries at most')
    .describe(
      'What an `acr` of the issuer counts as here, and an entry of `amr` by the name "amr:ENTRY". What is not named counts as recognised.',
    ),
  is_enabled: flag('Whether its assertions are taken. Unless given: true.'),
} as const

/** An issuer that is about to be stored: no unknown member, and nothing that contradicts itself. */
export const trustedIssuer = withoutContradictions(z.strictObject(issuerMembers, { error: complaint })).meta({
  id: 'TrustedIssuer',
})

/** The same for one whose id is known from elsewhere. */
export const trustedIssuerSettings = withoutContradictions(
  z.strictObject({ ...issuerMembers, id: issuerMembers.id.optional() }, { error: complaint }),
).meta({ id: 'TrustedIssuerSettings' })

/** One that is stored. An earlier release may have stored members that are refused now. */
export const storedTrustedIssuer = z.looseObject(issuerMembers).meta({ id: 'StoredTrustedIssuer' })

/** Somebody whose assertions about people are taken for tokens. */
export type TrustedIssuer = Readonly<z.output<typeof trustedIssuer>>

function complaint({ code, keys }: { readonly code?: string; readonly keys?: readonly string[] }): string | undefined {
  if (code !== 'unrecognized_keys' || !keys) return undefined
  return unknownMembers(keys, {
    of: 'a trusted issuer',
    members: Object.keys(issuerMembers),
    refused: { jwks: 'is not a member: the keys are fetched from jwks_uri' },
    page: 'docs/issuers.md',
  })
}

type Checked = Omit<typeof issuerMembers, 'id'>

function withoutContradictions<Schema extends z.ZodObject<Checked>>(schema: Schema): Schema {
  return schema.superRefine((given, context) => {
    for (const [member, message] of contradictionsOf(given)) {
      context.addIssue({ code: 'custom', path: [member], message })
    }
  })
}

type Given = { readonly [Name in keyof Checked]?: z.output<Checked[Name]> | undefined }

function contradictionsOf({ kind, ...given }: Given): [string, string][] {
  const isGoogle = kind === 'google-linking'
  const rules: [boolean, string, string][] = [
    [
      isGoogle && !given.audience,
      'audience',
      'is needed for the kind google-linking: the client id that Google gave you',
    ],
    [isGoogle && !given.clients, 'clients', 'is needed for the kind google-linking: the client that Google has here'],
    [isGoogle && given.companies !== undefined, 'companies', 'is not for the kind google-linking'],
    [
      isGoogle && given.single_use === true,
      'single_use',
      'cannot be true for the kind google-linking: its assertions need not have a jti',
    ],
    [kind === 'ucp' && given.single_use === false, 'single_use', 'must not be false for the kind ucp'],
    [!isGoogle && given.matches_verified_email !== undefined, 'matches_verified_email', 'is for google-linking alone'],
  ]
  return rules.filter(([isBroken]) => isBroken).map(([, member, message]) => [member, message])
}
