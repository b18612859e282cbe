import type { ClientMetadata } from './client-schema.ts'

/** What a shop registers most often, ready for use. */
export const PRESETS = ['spa', 'web', 'mobile', 'service', 'agent-platform', 'google', 'dialect'] as const
export type Preset = (typeof PRESETS)[number]

export type PresetChoice = {
  readonly clientId: string
  readonly redirectUris: readonly string[]
  /** Software of others is asked for consent, and gets no scope of a resource server until its list says so. */
  readonly isThirdParty: boolean
}

/** Each preset in one sentence, for help and documentation. */
export const PRESET_SENTENCES: Readonly<Record<Preset, string>> = {
  spa: 'a page that runs in the browser: public, authorization code with PKCE',
  web: 'a server that renders pages: a secret, authorization code',
  mobile: 'an app on a phone or a desktop: public, authorization code with PKCE',
  service: 'a service without people: a secret, client credentials',
  'agent-platform': 'a platform whose agents act for people: a secret, authorization code, never first-party',
  google: 'Google, for account linking: a secret in the body, authorization code, assertions',
  dialect: 'what a dialect stands on: every grant type that its endpoints use',
}

const CODE = ['authorization_code', 'refresh_token']
const SIGN_IN = { response_types: ['code'], scope: 'openid profile email customer company offline_access' }

/** Every grant type that an endpoint of a dialect ends in. */
export const DIALECT_GRANT_TYPES: readonly string[] = [
  'password',
  'refresh_token',
  'urn:vestibule:grant:agent',
  'urn:vestibule:grant:anonymous',
  'urn:vestibule:grant:company-user',
  'urn:vestibule:grant:handover',
  'urn:vestibule:grant:impersonation',
  'urn:vestibule:grant:one-time-password',
  'urn:vestibule:grant:signed-user',
  'urn:vestibule:grant:vouched-customer',
  'urn:vestibule:grant:warehouse',
]

const MEMBERS: Readonly<Record<Preset, Omit<ClientMetadata, 'client_id'>>> = {
  spa: { token_endpoint_auth_method: 'none', grant_types: CODE, ...SIGN_IN },
  web: { token_endpoint_auth_method: 'client_secret_basic', grant_types: CODE, require_pkce: true, ...SIGN_IN },
  mobile: { application_type: 'native', token_endpoint_auth_method: 'none', grant_types: CODE, ...SIGN_IN },
  service: { token_endpoint_auth_method: 'client_secret_basic', grant_types: ['client_credentials'] },
  google: {
    security_profile: 'agent-platform',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: [...CODE, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    response_types: ['code'],
    // Google's projects send no challenge unless that is switched on there.
    require_pkce: false,
    refresh_policy: 'lazy',
  },
  'agent-platform': {
    security_profile: 'agent-platform',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: CODE,
    response_types: ['code'],
    require_pkce: true,
    refresh_policy: 'lazy',
  },
  dialect: {
    token_endpoint_auth_method: 'none',
    grant_types: DIALECT_GRANT_TYPES,
    default_scope: 'customer company',
  },
}

/** The metadata of a client that is made by a preset. */
export function fromPreset(preset: Preset, { clientId, redirectUris, isThirdParty }: PresetChoice): ClientMetadata {
  return {
    client_id: clientId,
    ...MEMBERS[preset],
    ...(redirectUris.length > 0 && { redirect_uris: redirectUris }),
    ...(isThirdParty || MEMBERS[preset].security_profile === 'agent-platform'
      ? { resource_scopes: [] }
      : { first_party: true }),
  }
}
