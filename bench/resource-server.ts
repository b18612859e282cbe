import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { auth } from 'express-oauth2-jwt-bearer'
import type { JWTPayload } from 'jose'
import { expressProtection } from '../packages/resource-server/src/adapters/express.ts'
import { createResourceServer, requireScope } from '../packages/resource-server/src/index.ts'
import { AUDIENCE, startFakeIssuer } from '../test/resource-server/fake-issuer.ts'

/**
 * What checking a token costs an Express service, in microseconds of processor per request, all threads counted: the middleware is
 * called as Express calls it, without sockets. All variants take turns in rounds, so that a busy machine is busy for them all.
 */
const ROUNDS = 9
const REQUESTS = 400
const require = createRequire(import.meta.url)

/** What verifiers read of Express's request beside that. */
const EXPRESS = { protocol: 'http', host: 'orders.test', is: () => false, get: () => 'orders.test' }

type Middleware = (request: object, response: object, next: (error?: unknown) => void) => void
type Variant = { readonly name: string; readonly middleware: Middleware; readonly tokens: readonly string[] }

const issuer = await startFakeIssuer()
const claims: JWTPayload = {
  scope: 'customer company orders:read',
  customer_reference: 'DE--21',
  id_company_user: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
  company_roles: ['Buyer'],
  permissions: ['ReadSharedCartPermissionPlugin', 'WriteSharedCartPermissionPlugin'],
}
const many = await Promise.all(Array.from({ length: ROUNDS * REQUESTS }, () => issuer.token(claims)))
const one = many.slice(0, 1)
for (let index = 0; index < 1000; index++) issuer.revoke('g', `ended-${index}`)

const common = { issuer: issuer.issuer, audience: AUDIENCE, onEvent() {} }
const following = createResourceServer(common)
const forgetful = createResourceServer({ ...common, maxRemembered: 0, revocations: false })
const protect = (server: typeof following) =>
  expressProtection(server).protect(requireScope('orders:read')) as Middleware

const variants: readonly Variant[] = [
  { name: 'nothing', middleware: (_request, _response, next) => setImmediate(next), tokens: one },
  { name: '@vestibule/resource-server, the same token again', middleware: protect(following), tokens: one },
  { name: '@vestibule/resource-server, every token new', middleware: protect(following), tokens: many },
  { name: '@vestibule/resource-server, without feed and memory', middleware: protect(forgetful), tokens: one },
  { name: 'express-oauth2-jwt-bearer (strict)', middleware: auth0(), tokens: one },
  { name: 'passport-jwt with jwks-rsa', middleware: passportJwt(), tokens: one },
]

const micros = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
for (const variant of variants) await run(variant, 0, 200)
for (let round = 0; round < ROUNDS; round++) {
  for (const variant of rotated(variants, round)) {
    micros.get(variant.name)?.push(await run(variant, round * REQUESTS, REQUESTS))
  }
}
console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${ROUNDS} rounds of ${REQUESTS} requests, median (least to most)`,
)
for (const [name, all] of micros) {
  const sorted = all.toSorted((a, b) => a - b).map((each) => each.toFixed(0))
  console.log(
    `${name.padEnd(56)} ${sorted[Math.floor(sorted.length / 2)]?.padStart(5)} µs (${sorted[0]} to ${sorted.at(-1)})`,
  )
}
following.close()
forgetful.close()
await issuer.stop()

/** Microseconds of processor per request. */
async function run({ name, middleware, tokens }: Variant, from: number, count: number): Promise<number> {
  const before = process.cpuUsage()
  for (let index = 0; index < count; index++) {
    const token = tokens[(from + index) % tokens.length]
    const headers = { host: 'orders.test', authorization: `Bearer ${token}` }
    const request = { method: 'GET', url: '/orders', originalUrl: '/orders', headers, query: {}, ...EXPRESS }
    await new Promise<void>((resolve, reject) => {
      const response = { statusCode: 200, setHeader() {}, end: () => reject(new Error(`${name} refused a good token`)) }
      middleware(request, response, (error) => (error ? reject(error) : resolve()))
    })
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

function auth0(): Middleware {
  const options = {
    issuer: issuer.issuer,
    jwksUri: `${issuer.issuer}/jwks`,
    audience: AUDIENCE,
    tokenSigningAlg: 'ES256',
    strict: true,
  }
  return auth(options) as unknown as Middleware // of Express's types, of which requests here have a part
}

function passportJwt(): Middleware {
  const passport = require('passport')
  const { ExtractJwt, Strategy } = require('passport-jwt')
  const { passportJwtSecret } = require('jwks-rsa')
  const options = {
    secretOrKeyProvider: passportJwtSecret({ jwksUri: `${issuer.issuer}/jwks`, cache: true, rateLimit: true }),
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    issuer: issuer.issuer,
    audience: AUDIENCE,
    algorithms: ['ES256'],
  }
  passport.use(
    new Strategy(options, (payload: object, done: (error: unknown, user: object) => void) => done(null, payload)),
  )
  return passport.authenticate('jwt', { session: false })
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
