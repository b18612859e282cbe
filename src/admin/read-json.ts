import type { Context } from 'koa'
import type { z } from 'zod'
import { readText } from '../http/read-body.ts'
import { Problem } from './problem.ts'

/**
 * The request body parsed by `schema`; an empty body reads as `{}`.
 *
 * @throws {Problem} 400 naming every member that is wrong.
 */
export async function readJson<Schema extends z.ZodType>(ctx: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await readText(ctx, { limitBytes: 1024 * 1024 })
  const parsed = schema.safeParse(parse(text))
  if (parsed.success) return parsed.data
  const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new Problem(400, 'invalid-body', complaints.join('; '))
}

function parse(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(400, 'malformed-json', 'The body is not JSON.')
  }
}
