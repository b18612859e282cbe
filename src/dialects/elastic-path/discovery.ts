import type { ActionRoute, DialectAnswer, DialectRequest } from '../dialect.ts'
import { badBearer, json } from './errors.ts'
import { clientFor, type SignIn } from './sign-in.ts'
import { ACCOUNT_REALM, CUSTOMER_REALM, OIDC_PROFILE, PASSWORD_PROFILE } from './tokens.ts'

type View = (request: DialectRequest, clientId: string) => object

/**
 * What clients look up before they send a person to sign in: the realm, the client id to use, and where the sign-in
 * page is. There is one realm with one profile of each kind, whatever ids a shop used before.
 */
export function discoveryRoutes(signIn: SignIn): ActionRoute[] {
  const views: Readonly<Record<string, View>> = {
    '/v2/settings/customer-authentication': customerSettings,
    '/v2/settings/account-authentication': accountSettings,
    '/v2/authentication-realms/:realm/oidc-profiles': oidcProfiles,
    '/v2/authentication-realms/:realm/password-profiles': passwordProfiles,
  }
  return Object.entries(views).map(([path, view]) => ({
    method: 'GET',
    path,
    async act(request, services): Promise<DialectAnswer> {
      const caller = await signIn.findCaller(request, services)
      return caller ? json(200, view(request, clientFor(caller, request.context))) : badBearer()
    },
  }))
}

function customerSettings({ context: { baseUrl } }: DialectRequest, clientId: string): object {
  return {
    data: {
      type: 'customer-authentication-settings',
      id: CUSTOMER_REALM,
      relationships: {
        'authentication-realm': { data: { type: 'authentication-realm', id: CUSTOMER_REALM } },
      },
      meta: { client_id: clientId },
    },
    links: { self: `${baseUrl}/v2/settings/customer-authentication` },
  }
}

function accountSettings({ context: { baseUrl } }: DialectRequest, clientId: string): object {
  return {
    data: {
      type: 'account_authentication_settings',
      id: ACCOUNT_REALM,
      enable_self_signup: false,
      auto_create_account_for_account_members: true,
      account_member_self_management: 'disabled',
      relationships: {
        authentication_realm: { data: { type: 'authentication-realm', id: ACCOUNT_REALM } },
      },
      meta: { client_id: clientId },
    },
    links: { self: `${baseUrl}/v2/settings/account-authentication` },
  }
}

function oidcProfiles({ context, params }: DialectRequest): object {
  const { baseUrl, issuer } = context
  const base = `${baseUrl}/v2/authentication-realms/${params.realm}/oidc-profiles`
  const links = {
    self: `${base}/${OIDC_PROFILE}`,
    'authorization-endpoint': `${issuer}/authorize`,
    'discovery-endpoint': `${issuer}/.well-known/openid-configuration`,
  }
  const profile = {
    type: 'oidc-profile',
    id: OIDC_PROFILE,
    name: 'Sign in',
    discovery_url: links['discovery-endpoint'],
    meta: { issuer },
    links,
  }
  return { data: [profile], links: { self: base, 'authorization-endpoint': links['authorization-endpoint'] } }
}

function passwordProfiles({ context: { baseUrl }, params }: DialectRequest): object {
  const base = `${baseUrl}/v2/authentication-realms/${params.realm}/password-profiles`
  const profile = {
    type: 'password_profile',
    id: PASSWORD_PROFILE,
    name: 'Password',
    username_format: 'email',
    links: { self: `${base}/${PASSWORD_PROFILE}` },
  }
  return { data: [profile], links: { self: base } }
}
