import { networkInterfaces } from 'node:os'
import type { Config } from '../../config.ts'
import { createNetworks } from '../../http/address.ts'
import { type Arrival, PROBE_HEADER } from '../../http/reach-probe.ts'
import { type AdminClient, AdminError, createAdminClient } from '../command/admin-client.ts'
import { ask, bad, certificateFix, type Finding, ok } from './findings.ts'

const MAX_CLOCK_SKEW_SECONDS = 30
/** Of a block for documentation (RFC 5737): an address that a visitor could claim. */
const FORGED = '203.0.113.77'
const ELSEWHERE = 'Correct ISSUER, DNS or the proxy in front.'

/** Examines the server from outside: by ISSUER, through the proxy in front. */
export async function examineOutside(config: Config, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { ISSUER } = config
  const response = await ask(`${ISSUER}/.well-known/openid-configuration`)
  if (typeof response === 'string') {
    return [
      bad('issuer', `${ISSUER} is not reachable from here (${response}). ${certificateFix(response) ?? ELSEWHERE}`),
    ]
  }
  // Every member may be missing.
  const metadata = (await response.json().catch(() => ({}))) as { issuer?: string; token_endpoint?: string }
  const isOurs = metadata.issuer === ISSUER && metadata.token_endpoint?.startsWith(ISSUER)
  if (!isOurs) {
    const other = `leads to another server, with the issuer ${metadata.issuer ?? 'unknown'}`
    return [bad('issuer', `${ISSUER} ${other}. ${ELSEWHERE}`)]
  }
  return [ok('issuer', `${ISSUER} leads to this server`), clock(response), ...(await proxyHeaders(config, environment))]
}

function clock(response: Response): Finding {
  const skew = Math.round(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now()) / 1000)
  return skew > MAX_CLOCK_SKEW_SECONDS
    ? bad('clock', `this machine and the server differ by ${skew} s. Run a time service on both.`)
    : ok('clock', 'this machine and the server have the same time')
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
    return [bad('proxy headers', `they cannot be checked: ${error.message}`)]
  }
}

async function arrivalOf(admin: AdminClient, issuer: string, headers: Record<string, string>): Promise<Arrival> {
  const { probe } = await admin.call<{ probe: string }>('POST', '/v1/reach-probes', {})
  await ask(`${issuer}/health/live`, { ...headers, [PROBE_HEADER]: probe })
  return admin.call<Arrival>('GET', `/v1/reach-probes/${probe}`)
}

function judge({ ISSUER, TRUSTED_PROXIES }: Config, honest: Arrival, forged: Arrival): Finding {
  const { peer } = honest
  const trusted = createNetworks(TRUSTED_PROXIES)
  if (honest.isForwarded && trusted.has(honest.address) && isOfThisMachine(honest.address)) {
    const limit = `what ${honest.address} claims is believed, and this machine has that address`
    const more = 'To see what the proxy does with the claims of others, run this on another machine, with ADMIN_URL.'
    return ok('proxy headers', `the proxy at ${peer} is trusted. Not checked: ${limit}. ${more}`)
  }
  if (forged.address === FORGED) {
    const fix = 'Make the proxy append to X-Forwarded-For or replace it, and list only proxies in TRUSTED_PROXIES.'
    return bad('proxy headers', `clients can forge their address: the server accepted a false one. ${fix}`)
  }
  if (honest.isForwarded && honest.address === peer && !trusted.has(peer)) {
    const effect = 'all clients seem to have this address, so one attacker who guesses passwords locks out all of them'
    return bad('proxy headers', `the proxy at ${peer} is not trusted: ${effect}. Set TRUSTED_PROXIES=${peer}.`)
  }
  if (ISSUER.startsWith('https:') && !honest.isForwarded) {
    const fix = 'Make it send X-Forwarded-For, and add its address to TRUSTED_PROXIES.'
    return bad('proxy headers', `the TLS proxy at ${peer} does not send the address of the client. ${fix}`)
  }
  return honest.isForwarded
    ? ok('proxy headers', `the proxy at ${peer} sends the address of the client, and the server uses it`)
    : ok('proxy headers', 'there is no proxy between this machine and the server')
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some((own) => own.address === address))
}
