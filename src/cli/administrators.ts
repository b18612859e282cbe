import type { Administrator } from '../administrators/administrator.ts'
import type { ActionRequest } from './command/action.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

type Listed = Administrator & { readonly hasSecondFactor: boolean }

const ROLES = 'viewer, support, security or owner'

/** The people who operate this server. */
export const administrators = subcommands({
  name: 'administrators',
  summary: 'manage the people who operate this server',
  actions: {
    list: {
      does: 'list all administrators',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<Listed>('/v1/administrators')
        if (isJson) return printJson({ administrators: listed })
        const rows = listed.map(({ id, email, name = '', role, status, hasSecondFactor }) => [
          ...[id, email, name, role, status],
          hasSecondFactor ? 'yes' : 'no',
        ])
        printTable(['ID', 'E-MAIL', 'NAME', 'ROLE', 'STATE', 'SECOND FACTOR'], rows)
      },
    },
    create: {
      does: 'create an administrator; the password is read from standard input',
      options: { email: 'the address they sign in with', role: ROLES, name: 'the name that others see' },
      needs: ['email', 'role'],
      readsInput: true,
      example: 'create --email sam@example.com --role support < password.txt',
      async run({ admin, values: { email, role, name }, input: password, isJson }) {
        const body = { email, role, password, ...(name && { name }) }
        const created = await admin.call<Administrator>('POST', '/v1/administrators', body)
        if (isJson) printJson(created)
        else console.log(`${created.email} is an administrator now, with the role ${created.role}`)
      },
    },
    role: {
      takes: 'ID ROLE',
      does: `give an administrator another role: ${ROLES}`,
      example: 'role 3f2c0e5a-4b1d-4c7e-9a63-2f1f0c9d8e7b security',
      run: (request) => change(request, { role: request.subjects[1] }),
    },
    block: {
      takes: 'ID',
      does: 'block an administrator and sign them out',
      example: 'block 3f2c0e5a-4b1d-4c7e-9a63-2f1f0c9d8e7b',
      run: (request) => change(request, { status: 'blocked' }),
    },
    unblock: {
      takes: 'ID',
      does: 'unblock an administrator',
      example: 'unblock 3f2c0e5a-4b1d-4c7e-9a63-2f1f0c9d8e7b',
      run: (request) => change(request, { status: 'active' }),
    },
    password: {
      takes: 'ID',
      does: 'set the password of an administrator, from standard input, and end their sessions',
      readsInput: true,
      example: 'password 3f2c0e5a-4b1d-4c7e-9a63-2f1f0c9d8e7b < password.txt',
      async run({ admin, subjects: [id = ''], input: password, isJson }) {
        const path = `/v1/administrators/${encodeURIComponent(id)}/password`
        const changed = await admin.call<Administrator>('POST', path, { password })
        if (isJson) printJson(changed)
        else console.log(`${changed.email} has a new password, and is signed out`)
      },
    },
    'reset-second-factor': {
      takes: 'ID',
      does: 'remove the second factor and the recovery codes of an administrator who lost them, and sign them out',
      example: 'reset-second-factor 3f2c0e5a-4b1d-4c7e-9a63-2f1f0c9d8e7b',
      async run({ admin, subjects: [id = ''], isJson }) {
        const path = `/v1/administrators/${encodeURIComponent(id)}/second-factor/remove`
        const changed = await admin.call<Administrator>('POST', path, {})
        if (isJson) printJson(changed)
        else console.log(`${changed.email} has no second factor any more, and is signed out`)
      },
    },
  },
})

async function change({ admin, subjects: [id = ''], isJson }: ActionRequest, body: object): Promise<void> {
  const changed = await admin.change<Administrator>('PATCH', `/v1/administrators/${encodeURIComponent(id)}`, body)
  if (isJson) printJson(changed)
  else console.log(`${changed.email}: ${changed.role}, ${changed.status}`)
}
