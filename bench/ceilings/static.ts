/** Ceiling of a document that does not change: `node:http` and the same bytes. */
import { listen, readInput } from './listen.ts'

const { port, answer } = readInput()
const body = Buffer.from(answer)
const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length }

listen(port, (_request, response) => {
  response.writeHead(200, headers).end(body)
})
