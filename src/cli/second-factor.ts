import type { Action } from './command/action.ts'
import { printJson } from './command/print.ts'

const ID = '0b5d9e8a-6c1f-4d3b-9a27-5e4f3c2b1a09'

/** What can be done with an agent's second factor. */
export const SECOND_FACTOR_ACTIONS: Readonly<Record<string, Action>> = {
  'second-factor enrol': {
    takes: 'ID',
    does: 'makes a secret for an authenticator app and shows it, this once',
    example: `second-factor enrol ${ID}`,
    async run({ admin, subjects: [id = ''], isJson }) {
      const enrolled = await admin.call<{ secret: string; uri: string }>('POST', pathOf(id), {})
      if (isJson) return printJson(enrolled)
      console.log(`secret   ${enrolled.secret}\naddress  ${enrolled.uri}`)
      console.log('It counts once "second-factor confirm" was given a code.')
    },
  },
  'second-factor confirm': {
    takes: 'ID',
    does: 'with a code of the app on standard input: from then on each sign-in needs one',
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
    does: 'a password is enough again',
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
