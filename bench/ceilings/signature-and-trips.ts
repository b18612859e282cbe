/**
 * Ceiling of a refresh with rotation: read the request, two values from Redis, one ES256 signature, a compare-and-swap
 * in Redis that one of several nodes wins, answer.
 */
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { answerJson, listen, readInput, readRequest } from './listen.ts'
import { createSigner } from './sign.ts'

const SWAP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`
const MONTH_SECONDS = 2_628_000

const { port, redisUrl, answer } = readInput()
const redis = new Redis(redisUrl)
const document = JSON.parse(answer) as { access_token: string; refresh_token: string } // an answer of our server
const makeToken = createSigner(document.access_token)
const tokenBytes = Buffer.from(document.refresh_token, 'base64url').length
await redis.set('grant', JSON.stringify({ accountId: 'somebody', scope: 'customer' }))

listen(port, async (request, response) => {
  const { form } = await readRequest(request)
  const family = `family:${String(form.get('refresh_token')).slice(0, 22)}`
  const current = (await redis.get(family)) ?? (await begin(family))
  await redis.get('grant')
  const next = randomBytes(32).toString('base64url')
  const swapped = await redis.call('evalsha', await script(), '1', family, current, next, String(MONTH_SECONDS))
  if (swapped !== 1) throw new Error('lost the swap')
  const refresh_token =
    form.get('refresh_token')?.slice(0, 22) + randomBytes(tokenBytes).toString('base64url').slice(22)
  answerJson(response, { ...document, access_token: makeToken(), refresh_token })
})

async function begin(family: string): Promise<string> {
  await redis.set(family, 'first', 'EX', MONTH_SECONDS)
  return 'first'
}

let loaded: Promise<string> | undefined
function script(): Promise<string> {
  loaded ??= redis.script('LOAD', SWAP) as Promise<string> // its digest
  return loaded
}
