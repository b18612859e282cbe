import { openDatabase } from '../../src/database/index.ts'
import { CHANGES } from './changes.ts'

/** A process that makes every change, says of whom, and ends nobody's sign-ins: it waits to be killed. */
const settings = JSON.parse(String(process.argv[2])) as { readonly DATA_DIR: string; readonly DATABASE_URL?: string }
const { knex } = await openDatabase(settings)
const subjects: Record<string, string> = {}
for (const { name, prepare } of CHANGES) {
  const { subject, make } = await prepare(knex)
  // What preparing it noted is of no interest.
  await knex('sign_in_ending_causes').where({ subject }).delete()
  await make(knex)
  subjects[name] = subject
}
process.stdout.write(`${JSON.stringify(subjects)}\n`)
setInterval(() => {}, 1000)
