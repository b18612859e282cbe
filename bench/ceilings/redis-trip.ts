/** Ceiling of a question about a token: read the request, one trip to Redis for a small value, answer. */
import { Redis } from 'ioredis'
import { answerJson, listen, readInput, readRequest } from './listen.ts'

const { port, redisUrl, answer } = readInput()
const redis = new Redis(redisUrl)
const document = answer === '' ? {} : (JSON.parse(answer) as object) // an answer of our server
await redis.set('ceiling', JSON.stringify({ accountId: 'somebody', createdAtMs: Date.now(), scope: 'customer' }))

listen(port, async (request, response) => {
  await readRequest(request)
  const value = await redis.get('ceiling')
  if (value === null) throw new Error('the value is gone')
  answerJson(response, document)
})
