import type { AdminClient } from './command/admin-client.ts'
import { printJson } from './command/print.ts'
import { fromInput } from './command/standard-input.ts'

/** What can be done with an agent's second factor; each takes the agent's id. */
export const SECOND_FACTOR_ACTIONS: Readonly<
  Record<string, (admin: AdminClient, id: string, isJson: boolean) => Promise<void>>
> = {
  async enrol(admin, id, isJson) {
    const enrolled = await admin.call<{ secret: string; uri: string }>('POST', pathOf(id), {})
    if (isJson) return printJson(enrolled)
    console.log(`secret   ${enrolled.secret}\naddress  ${enrolled.uri}`)
    console.log('It counts once "second-factor confirm" was given a code.')
  },
  async confirm(admin, id, isJson) {
    const answer = await admin.call('POST', `${pathOf(id)}/confirm`, { code: (await fromInput()).trim() })
    if (isJson) return printJson(answer)
    console.log(`each sign-in of ${id} needs a code now`)
  },
  async remove(admin, id, isJson) {
    const answer = await admin.call('POST', `${pathOf(id)}/remove`, {})
    if (isJson) return printJson(answer)
    console.log(`a password is enough for ${id} again`)
  },
}

function pathOf(id: string): string {
  return `/v1/agents/${encodeURIComponent(id)}/second-factor`
}
