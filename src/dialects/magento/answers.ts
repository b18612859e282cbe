import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import { type Outage, retryAfter } from '../outage.ts'
import { acceptedFormat, acceptTypes, write } from './content.ts'
import { type ErrorMessage, outageMessage } from './messages.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

/** A value or an error in the format the request accepts; JSON when it accepts neither. */
export function answer(status: number, value: unknown, { accept }: AnswerContext): DialectAnswer {
  const { contentType, body } = write(value, acceptedFormat(accept) ?? 'json')
  return { status, headers: { ...NO_STORE, 'Content-Type': contentType }, body }
}

export function refuse(status: number, error: ErrorMessage, context: AnswerContext): DialectAnswer {
  return answer(status, error, context)
}

/** Something of ours failed; the answer's X-Request-Id finds it in the log. */
export function fail(outage: Outage, context: AnswerContext): DialectAnswer {
  const failed = answer(outage.status, { message: outageMessage(outage) }, context)
  return { ...failed, headers: { ...failed.headers, ...retryAfter(outage) } }
}

/** The refusal of a request that takes neither JSON nor XML; undefined when it takes one of them. */
export function refuseAccept({ accept }: AnswerContext): DialectAnswer | undefined {
  if (acceptedFormat(accept)) return undefined
  const [first = ''] = acceptTypes(accept)
  const message =
    `Server cannot match any of the given Accept HTTP header media type(s) from the request: "${first}" ` +
    'with media types from the config of response renderer.'
  const { contentType, body } = write({ message }, 'json')
  return { status: 406, headers: { ...NO_STORE, 'Content-Type': contentType }, body }
}
