import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Storage } from '../../storage/storage.ts'
import type { Form } from '../standalone-forms.ts'

/** What somebody typed before they had to sign in again. */
export type KeptForms = {
  /** The name under which the values of this act wait for the same customer. */
  keep(of: Owner, values: Form): Promise<string>
  /** Undefined when it was kept too long ago, or for another customer or act. */
  find(of: Owner, name: string): Promise<Form | undefined>
}

type Owner = { readonly customerId: string; readonly act: string }

const KIND = 'AccountForm'
const TTL_SECONDS = 900
const stored = z.object({ customerId: z.string(), act: z.string(), values: z.record(z.string(), z.string()) })

/** In storage and not in the address, which is written to logs. */
export function createKeptForms({ storage }: { readonly storage: Pick<Storage, 'put' | 'get'> }): KeptForms {
  return {
    async keep({ customerId, act }, values) {
      const name = randomBytes(16).toString('base64url')
      await storage.put(KIND, name, { customerId, act, values }, TTL_SECONDS)
      return name
    },
    async find({ customerId, act }, name) {
      const found = stored.safeParse((await storage.get(KIND, name))?.artifact)
      const isTheirs = found.success && found.data.customerId === customerId && found.data.act === act
      return isTheirs ? found.data.values : undefined
    },
  }
}
