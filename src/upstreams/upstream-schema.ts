import { z } from 'zod'
import { isPlain } from '../plain-text.ts'
import { unknownMembers } from '../unknown-members.ts'

/** The kinds of providers that this server knows the habits of; `oidc` is any other OpenID provider. */
export const UPSTREAM_KINDS = ['oidc', 'google', 'apple', 'entra'] as const

/** How the server proves to a provider that it is the client. */
export const CLIENT_AUTHENTICATIONS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'apple_key',
  'none',
] as const

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const flag = (sentence: string) => z.boolean().optional().describe(sentence)
const text = z.string().min(1).max(255).refine(isPlain, 'must be one line without control or direction characters')

const issuer = z.url({ protocol: /^https?$/ }).refine((value) => {
  const url = URL.parse(value)
  const isSafe = url?.protocol === 'https:' || LOOPBACK.test(url?.hostname ?? '')
  return isSafe && !/[?#]/.test(value) && !url?.username && !value.endsWith('/')
}, 'must be an https address (http on loopback) without query, fragment, user and slash at its end')

/**
 * Every member of an upstream: its type, its check and its sentence. `docs/upstreams.md`, the API document and the check of
 * what is stored are made of it.
 */
export const upstreamMembers = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be small letters, digits and hyphens, at most 40')
    .describe('Names the provider in its callback address, /upstreams/ID/callback; it cannot change.'),
  name: text.max(60).describe('The name that people see: "Continue with NAME".'),
  kind: z
    .enum(UPSTREAM_KINDS)
    .optional()
    .describe(
      '"google", "apple" and "entra" bring their issuer and their habits along. Unless given: oidc, any OpenID provider.',
    ),
  issuer: issuer
    .optional()
    .describe('The issuer, exactly as the provider writes it; its metadata is below it. Needed for the kind oidc.'),
  client_id: text.describe('The id of this server at the provider.'),
  client_authentication: z
    .enum(CLIENT_AUTHENTICATIONS)
    .optional()
    .describe(
      'How the server proves its client_id. Unless given: apple_key for apple, client_secret_post for google and entra, client_secret_basic for oidc.',
    ),
  key_id: text.optional().describe('The id of the private key that is its secret, for apple_key and private_key_jwt.'),
  team_id: text.optional().describe('The Apple team that the private key belongs to, for apple_key.'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must be a scope (RFC 6749 §3.3)'))
    .max(50)
    .readonly()
    .optional()
    .describe('What is asked for; openid is always among it. Unless given: openid email profile (apple: name).'),
  tenants: z
    .array(z.string().regex(UUID, 'must be the id of a tenant, a UUID in small letters'))
    .min(1)
    .max(1000)
    .readonly()
    .or(z.literal('any'))
    .optional()
    .describe('The Entra tenants whose people may sign in, by id; "any" takes all. Needed for the kind entra.'),
  hosted_domain: z
    .string()
    .regex(DOMAIN, 'must be a domain in small letters')
    .optional()
    .describe('The Google Workspace domain whose people alone may sign in.'),
  email_domains: z
    .array(z.string().regex(DOMAIN, 'must be a domain in small letters; an international one in ASCII'))
    .max(1000)
    .readonly()
    .optional()
    .describe(
      'Domains that belong to the company whose provider this is: a person who types an address of one is sent there, and the provider is believed about these addresses.',
    ),
  trusts_email_verified: flag(
    'Whether email_verified of the provider is believed. Unless given: true. Set it to false for a provider that does not check addresses.',
  ),
  trusts_amr: flag(
    'Whether the ways in which the provider says that the person signed in (amr) are told on. Unless given: false.',
  ),
  allows_registration: flag(
    'Whether somebody without an account gets one, where REGISTRATION is open. Unless given: true.',
  ),
  has_button: flag(
    'Whether the sign-in page has a button for it. Unless given: true. Without one, email_domains lead there.',
  ),
  position: z.int().min(0).max(10_000).optional().describe('The order of the buttons, lowest first. Unless given: 0.'),
  signs_out: flag(
    'Whether a customer who came from the provider and signs out here is sent there to sign out too. Unless given: false.',
  ),
  is_enabled: flag('Whether people can sign in by it. Unless given: true.'),
} as const

/** An upstream that is about to be stored: no unknown member, and nothing that contradicts itself. */
export const upstream = withoutContradictions(z.strictObject(upstreamMembers, { error: complaint })).meta({
  id: 'Upstream',
})

/** The same for one whose id is known from elsewhere. */
export const upstreamSettings = withoutContradictions(
  z.strictObject({ ...upstreamMembers, id: upstreamMembers.id.optional() }, { error: complaint }),
).meta({ id: 'UpstreamSettings' })

/** One that is stored. An earlier release may have stored members that are refused now. */
export const storedUpstream = z.looseObject(upstreamMembers).meta({ id: 'StoredUpstream' })

/** A provider at which customers can sign in. */
export type Upstream = Readonly<z.output<typeof upstream>>

function complaint({ code, keys }: { readonly code?: string; readonly keys?: readonly string[] }): string | undefined {
  if (code !== 'unrecognized_keys' || !keys) return undefined
  return unknownMembers(keys, {
    of: 'an upstream',
    members: Object.keys(upstreamMembers),
    refused: {
      client_secret: 'is not a member: it is given beside the upstream, as its secret',
      secret: 'is not a member: it is given beside the upstream',
    },
    page: 'docs/upstreams.md',
  })
}

type Checked = Omit<typeof upstreamMembers, 'id'>

function withoutContradictions<Schema extends z.ZodObject<Checked>>(schema: Schema): Schema {
  return schema.superRefine((given, context) => {
    for (const [member, message] of contradictionsOf(given)) {
      context.addIssue({ code: 'custom', path: [member], message })
    }
  })
}

type Given = { readonly [Name in keyof Checked]?: z.output<Checked[Name]> | undefined }

function contradictionsOf(given: Given): [string, string][] {
  const { kind = 'oidc', issuer, tenants, hosted_domain, client_authentication: proof, key_id, team_id } = given
  const hasKey = proof === 'private_key_jwt' || proof === 'apple_key' || (proof === undefined && kind === 'apple')
  const isApple = proof === 'apple_key' || (proof === undefined && kind === 'apple')
  const rules: [boolean, string, string][] = [
    [kind === 'oidc' && issuer === undefined, 'issuer', 'is needed for the kind oidc'],
    [kind === 'entra' && tenants === undefined, 'tenants', 'is needed for the kind entra: ids of tenants, or "any"'],
    [kind !== 'entra' && tenants !== undefined, 'tenants', 'is for the kind entra alone'],
    [kind !== 'google' && hosted_domain !== undefined, 'hosted_domain', 'is for the kind google alone'],
    [hasKey && key_id === undefined, 'key_id', 'is needed where a private key proves the client'],
    [isApple && team_id === undefined, 'team_id', 'is needed for apple_key'],
    [
      tenants === 'any' && (given.email_domains?.length ?? 0) > 0,
      'email_domains',
      'must not be believed of tenants that anybody can make: name the tenants',
    ],
  ]
  return rules.filter(([isBroken]) => isBroken).map(([, member, message]) => [member, message])
}
