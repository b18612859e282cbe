import type { Context } from 'koa'
import { z } from 'zod'
import { BodyError, readText } from '../../http/read-body.ts'
import { refuse } from './answers.ts'

const LIMIT_BYTES = 16 * 1024

/** A JSON body of this shape; otherwise the request is answered. */
export async function readJson<Shape extends z.ZodType>(
  ctx: Context,
  shape: Shape,
): Promise<z.output<Shape> | undefined> {
  try {
    if (!ctx.is('application/json')) throw new BodyError(415, 'the request body must be application/json')
    const read = shape.safeParse(JSON.parse(await readText(ctx, { limitBytes: LIMIT_BYTES })))
    if (read.success) return read.data
    throw new BodyError(
      400,
      z
        .prettifyError(read.error)
        .replaceAll(/\s*\n\s*/g, ' ')
        .replaceAll('✖ ', ''),
    )
  } catch (error) {
    if (error instanceof BodyError) return void refuse(ctx, error.status, 'invalid_request', error.message)
    if (error instanceof SyntaxError) return void refuse(ctx, 400, 'invalid_request', 'the request body is no JSON')
    throw error
  }
}

const page = z.object({
  search: z.string().max(200).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(2000).optional(),
})

/** Which part of a list is asked for; otherwise the request is answered. */
export function readPage(ctx: Context): { search: string; limit: number; cursor?: string } | undefined {
  const read = page.safeParse({ ...ctx.query })
  if (!read.success) {
    return void refuse(ctx, 400, 'invalid_request', 'search, limit (1 to 100) and cursor may each be given once')
  }
  const { cursor, ...others } = read.data
  return { ...others, ...(cursor !== undefined && { cursor }) }
}
