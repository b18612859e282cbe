import { expect, test } from 'vitest'
import { type ActionRequest, runAction } from '../../src/cli/command/action.ts'

async function given(args: readonly string[]): Promise<Pick<ActionRequest, 'subjects' | 'values'> | undefined> {
  let request: ActionRequest | undefined
  await runAction(
    {
      takes: 'KID',
      options: { type: 'a kind of event' },
      does: 'tells what it was given',
      example: '',
      run: async (given) => {
        request = given
      },
    },
    args,
    {},
  )
  return request && { subjects: request.subjects, values: request.values }
}

test.each([
  ['a key id that begins with a dash', ['-Zk4_x'], { subjects: ['-Zk4_x'], values: {} }],
  ['a dash in front of an option', ['-Zk4_x', '--type', '-x'], { subjects: ['-Zk4_x'], values: { type: '-x' } }],
  ['a lone dash, which is standard input', ['-'], { subjects: ['-'], values: {} }],
])('an argument may be %s', async (_what, args, expected) => {
  expect(await given(args)).toEqual(expected)
})

test('an option that the action does not know is refused', async () => {
  await expect(given(['kid', '--unknown'])).rejects.toMatchObject({ code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
})
