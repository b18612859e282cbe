import { type Customer, fullName } from '../../customers/customer.ts'
import { agentAccountId } from '../../oauth/accounts/agent-account.ts'
import type { DialectSession } from '../../oauth/accounts/grant-facts.ts'
import type { TokenShape } from '../../oauth/tokens/token-shape.ts'
import { customerIdOf, sessionIdOf, visitorIdOf } from './ids.ts'
import type { Slas } from './settings.ts'

/** What is kept with a sign-in. */
export type Session = {
  readonly usid: string
  /** The site. */
  readonly channel: string
  /** Do not track. */
  readonly dnt: '0' | '1'
  /** The identity provider; the shop's own unless given. */
  readonly idp?: string
  /** How it began, where the token says so. */
  readonly login?: 'pwdless'
  readonly bridge?: 'session_bridge'
  readonly system?: string
  /** The agent who acts for a visitor; for a customer, the grant says who. */
  readonly agent?: string
}

type Token = Parameters<TokenShape>[0]

const MAX_SUBJECT = 256
export const SUBJECT_TOO_LONG = 'Issuer Subject length must be less than 256 characters'

/** The access token as the shop's services read it: `isb` says who it is, part by part, and SDKs count the parts. */
export function slasToken(slas: Slas): TokenShape {
  return (token) => {
    const { payload, customer, scopes, session } = token
    const { client_id, iat, exp, jti, aud } = payload
    const usid = session.usid ?? (customer ? sessionIdOf(customer) : '')
    const scope = scopes.join(' ')
    return {
      header: { ver: '1.0', jku: `slas/prod/${slas.tenant}`, typ: 'jwt', clv: 'J2.3.4' },
      payload: {
        aut: 'GUID',
        scp: scope,
        scope,
        sub: `cc-slas::${slas.tenant}::scid:${client_id}::usid:${usid}`,
        ctx: 'slas',
        ist: 1,
        dnt: session.dnt ?? '0',
        aud,
        nbf: Number(iat) - 30,
        sty: customer ? 'User' : 'Guest',
        isb: subjectOf(token, slas),
        exp,
        iat,
        jti,
        ...actorOf(session, String(client_id)),
      },
    }
  }
}

/** The texts that SDKs count: `name:value` between `::`. */
function subjectOf({ customer, anonymousId, session, ...rest }: Token, { sites }: Slas): string {
  if (rest.agent)
    return ['uido:slas', `upn:${rest.agent.email}`, 'uidn:', 'gcid:', `chid:${session.channel || sites[0]}`].join('::')
  const channel = `chid:${session.channel || sites[0]}`
  if (!customer) {
    const visitor = ['uido:slas', 'upn:Guest', 'uidn:Guest User', `gcid:${anonymousId ?? ''}`]
    return [...visitor, ...bridgeOf(session), channel, ...agentOf(session.agent)].join('::')
  }
  const { actingAgentId } = rest as { actingAgentId?: string } // of a customer's token, which this one is
  const before = [`uido:${session.idp ?? 'ecom'}`, `upn:${customer.email}`]
  const after = [
    `gcid:${visitorIdOf(customer)}`,
    `rcid:${customerIdOf(customer)}`,
    ...bridgeOf(session),
    channel,
    ...agentOf(actingAgentId),
    ...(session.login ? [`login:${session.login}`] : []),
    ...(session.system ? [`tsob:${session.system}`] : []),
  ]
  const left = MAX_SUBJECT - [...before, 'uidn:', ...after].join('::').length
  return [...before, `uidn:${displayName(customer, left)}`, ...after].join('::')
}

/** Whether a login fits into a token at all, whatever else is in it. A visitor's name is no login. */
export function fitsSubject(login: string, { sites }: Slas): boolean {
  const longest = Math.max(...sites.map(({ length }) => length))
  // What the longest kind of token has around the login.
  const room =
    MAX_SUBJECT - `uido:ecom::upn:::uidn:::gcid:${ID}::rcid:${ID}::sesb:session_bridge::chid:`.length - longest
  return login.length <= room && !login.includes('::') && login !== 'Guest'
}

const ID = 'x'.repeat(26)

/** A name without the separator, cut where it would not fit. */
function displayName(customer: Customer, room: number): string {
  const name = (fullName(customer) ?? customer.email).replaceAll(':', '%3A').slice(0, Math.max(0, room))
  return name.replace(/%(3A?)?$/, '')
}

function bridgeOf({ bridge }: DialectSession): string[] {
  return bridge ? [`sesb:${bridge}`] : []
}

function agentOf(agent: string | undefined): string[] {
  return agent === undefined ? [] : [`agent:${agent}`]
}

/** Who acts, where no grant says it: a system for a customer, an agent for a visitor. */
function actorOf({ system, agent }: DialectSession, clientId: string): object {
  if (agent !== undefined) return { act: { sub: agentAccountId(agent) } }
  return system === undefined ? {} : { act: { sub: clientId } }
}
