import type { Config } from '../../config.ts'
import { ask, bad, certificateFix, type Finding, ok } from './findings.ts'

const CONTRACT = 'docs/how-to/shop-directory.md'
/** A login that no customer has: the right answer to it is known. */
const NO_ID = '00000000-0000-4000-8000-000000000000'
const NO_LOGIN = 'vestibule-doctor@shop.invalid'

type Service = {
  readonly setting: 'SHOP_DIRECTORY' | 'LEGACY_DIRECTORY'
  readonly url: string
  readonly token?: string
}

/** Asks the service of the shop that has customers, if there is one, about a customer that does not exist. */
export async function examineDirectory(config: Config): Promise<Finding[]> {
  const services = (['SHOP_DIRECTORY', 'LEGACY_DIRECTORY'] as const).flatMap((setting): Service[] => {
    const [url, token] = [config[`${setting}_URL`], config[`${setting}_TOKEN`]]
    return url === undefined ? [] : [{ setting, url: url.replace(/\/$/, ''), ...(token !== undefined && { token }) }]
  })
  return Promise.all(services.map(examineService))
}

async function examineService(service: Service): Promise<Finding> {
  const lookUp = await ask(`${service.url}/customers/${NO_ID}`, headersOf(service), { redirect: 'manual' })
  const wrong = await problemOf(service, lookUp, { question: 'a look-up of an unknown id', expected: 404 })
  if (wrong) return wrong
  const signIn = await ask(
    `${service.url}/sign-in`,
    { ...headersOf(service), 'Content-Type': 'application/json' },
    { method: 'POST', body: JSON.stringify({ login: NO_LOGIN, password: NO_ID }), redirect: 'manual' },
  )
  const also = await problemOf(service, signIn, { question: 'a sign-in of an unknown login', expected: 401 })
  return also ?? ok('customer service', `${service.url} answers look-ups and sign-ins as ${CONTRACT} says`)
}

function headersOf({ token }: Service): Record<string, string> {
  return { Accept: 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) }
}

async function problemOf(
  { setting, url }: Service,
  answer: Response | string,
  { question, expected }: { readonly question: string; readonly expected: number },
): Promise<Finding | undefined> {
  if (typeof answer === 'string') {
    const fix = certificateFix(answer) ?? `Start the service, or correct ${setting}_URL.`
    return bad('customer service', `${url} does not answer (${answer}): customers cannot sign in. ${fix}`)
  }
  const { status } = answer
  await answer.body?.cancel()
  if (status === expected) return undefined
  return bad(
    'customer service',
    `${url} answers ${question} with ${status} and not ${expected}. ${fixOf(status, setting)}`,
  )
}

function fixOf(status: number, setting: Service['setting']): string {
  if (status === 401 || status === 403)
    return `Correct ${setting}_TOKEN: the service refuses it, or takes none where it should.`
  if (status === 429 || status >= 500) return 'Read the log of the service, and repair it.'
  return `Correct ${setting}_URL, or the service: ${CONTRACT} has what it must answer.`
}
