import type { Config } from '../../config.ts'
import { type Arrival, PROBE_HEADER } from '../../http/reach-probe.ts'
import { type AdminClient, AdminError, createAdminClient } from '../command/admin-client.ts'
import { ask, bad, type Finding, ok } from './findings.ts'

const MAX_CLOCK_SKEW_SECONDS = 30
/** Of a block for documentation (RFC 5737): an address that a visitor could claim. */
const FORGED = '203.0.113.77'

/** Examines the server from outside: by ISSUER, through the proxy in front. */
export async function examineOutside(config: Config, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { ISSUER } = config
  const response = await ask(`${ISSUER}/.well-known/openid-configuration`)
  if (typeof response === 'string') {
    return [
      bad('issuer', `${ISSUER} is not reachable from here (${response}). Correct ISSUER, DNS or the proxy in front.`),
    ]
  }
  // Every member may be missing.
  const metadata = (await response.json().catch(() => ({}))) as { issuer?: string; token_endpoint?: string }
  const isOurs = metadata.issuer === ISSUER && metadata.token_endpoint?.startsWith(ISSUER)
  if (!isOurs) {
    const other = `leads to a server that calls itself ${metadata.issuer ?? 'nothing'}`
    return [bad('issuer', `${ISSUER} ${other}. Point it at this one.`)]
  }
  return [ok('issuer', `${ISSUER} leads here`), clock(response), ...(await proxyHeaders(config, environment))]
}

function clock(response: Response): Finding {
  const skew = Math.round(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now()) / 1000)
  return skew > MAX_CLOCK_SKEW_SECONDS
    ? bad('clock', `this machine and the server differ by ${skew} s. Run a time service on both.`)
    : ok('clock', 'this machine and the server agree')
}

/** Sends two requests, one that claims to come from elsewhere, and asks how they arrived. */
async function proxyHeaders(config: Config, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const admin = createAdminClient(environment)
    const honest = await arrivalOf(admin, config.ISSUER, {})
    const forged = await arrivalOf(admin, config.ISSUER, { 'X-Forwarded-For': FORGED })
    return [judge(config, honest, forged)]
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    return [bad('proxy headers', `they cannot be looked at: ${error.message}`)]
  }
}

async function arrivalOf(admin: AdminClient, issuer: string, headers: Record<string, string>): Promise<Arrival> {
  const { probe } = await admin.call<{ probe: string }>('POST', '/v1/reach-probes', {})
  await ask(`${issuer}/health/live`, { ...headers, [PROBE_HEADER]: probe })
  return admin.call<Arrival>('GET', `/v1/reach-probes/${probe}`)
}

function judge({ ISSUER, TRUSTED_PROXIES }: Config, honest: Arrival, forged: Arrival): Finding {
  const { peer } = honest
  if (forged.address === FORGED) {
    const fix = 'Let the proxy append to X-Forwarded-For or replace it, and TRUSTED_PROXIES name proxies only.'
    return bad('proxy headers', `anybody can claim any address: one that was made up was believed. ${fix}`)
  }
  if (honest.isForwarded && honest.address === peer && !TRUSTED_PROXIES.includes(peer)) {
    const effect = 'every visitor seems to come from there, and one who guesses passwords would lock all of them out'
    return bad('proxy headers', `the proxy at ${peer} is not trusted: ${effect}. Set TRUSTED_PROXIES=${peer}.`)
  }
  if (ISSUER.startsWith('https:') && !honest.isForwarded) {
    const fix = 'Let it send X-Forwarded-For, and name it in TRUSTED_PROXIES.'
    return bad('proxy headers', `whatever ends TLS at ${peer} does not say who the visitor is. ${fix}`)
  }
  return honest.isForwarded
    ? ok('proxy headers', `the proxy at ${peer} says who the visitor is, and is believed`)
    : ok('proxy headers', 'no proxy stands between here and the server')
}
