import type { Action } from './command/action.ts'
import { printJson } from './command/print.ts'

const ID = '0b5d9e8a-6c1f-4d3b-9a27-5e4f3c2b1a09'

/** What can be done with an agent's second factor. */
export const SECOND_FACTOR_ACTIONS: Readonly<Record<string, Action>> = {
  'second-factor enrol': {
    takes: 'ID',
    does: 'create a secret for an authenticator app; it is shown once',
    example: `second-factor enrol ${ID}`,
    async run({ admin, subjects: [id = ''], isJson }) {
      const enrolled = await admin.call<{ secret: string; uri: string }>('POST', pathOf(id), {})
      if (isJson) return printJson(enrolled)
      console.log(`secret   ${enrolled.secret}\naddress  ${enrolled.uri}`)
      console.log('Confirm it with a code: run "second-factor confirm".')
    },
  },
  'second-factor confirm': {
    takes: 'ID',
    does: 'confirm with a code of the app, from standard input; each sign-in then needs a code',
    readsInput: true,
    example: `second-factor confirm ${ID} < code.txt`,
    async run({ admin, subjects: [id = ''], input, isJson }) {
      const answer = await admin.call('POST', `${pathOf(id)}/confirm`, { code: input.trim() })
      if (isJson) return printJson(answer)
      console.log(`each sign-in of ${id} needs a code now`)
    },
  },
  'second-factor remove': {
    takes: 'ID',
    does: 'let the agent sign in with a password alone again',
    example: `second-factor remove ${ID}`,
    async run({ admin, subjects: [id = ''], isJson }) {
      const answer = await admin.call('POST', `${pathOf(id)}/remove`, {})
      if (isJson) return printJson(answer)
      console.log(`a password is enough for ${id} again`)
    },
  },
}

function pathOf(id: string): string {
  return `/v1/agents/${encodeURIComponent(id)}/second-factor`
}
