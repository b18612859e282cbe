/** Ceiling of a token that is signed and not stored: read the request, one ES256 signature, answer. */
import { answerJson, listen, readInput, readRequest } from './listen.ts'
import { createSigner } from './sign.ts'

const { port, answer } = readInput()
const document = JSON.parse(answer) as { access_token: string } // an answer of our server
const makeToken = createSigner(document.access_token)

listen(port, async (request, response) => {
  await readRequest(request)
  answerJson(response, { ...document, access_token: makeToken() })
})
