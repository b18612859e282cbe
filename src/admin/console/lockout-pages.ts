import { seeOther } from '../../http/see-other.ts'
import { type Listing, listAddress, pageLinks, type Search, searchOf } from './listing.ts'
import type { ConsolePage, ConsoleRequest, Form, Refusal } from './page.ts'

const PATH = '/console/lockouts'
const FIELDS = ['login', 'realm', 'address']

type Lock = {
  readonly of: string
  readonly network?: string
  readonly until: number
  readonly realm?: string
  readonly login?: string
}

/** Everything that is locked, whether a login or an address is, and letting it in. Unknown logins look like known ones. */
export const lockoutPages: readonly ConsolePage[] = [
  {
    path: '/lockouts',
    open: (request) => show(request, searchOf(request, FIELDS)),
    async submit(request, form) {
      const named = namedIn(form)
      const answer = await request.api.send('POST', '/v1/lockouts/lift', { body: named })
      if (answer.outcome === 'refused') return show(request, named, answer.problem)
      seeOther(request.ctx, `${PATH}?${new URLSearchParams({ ...named, done: 'lockout-lifted' })}`)
    },
  },
]

async function show(request: ConsoleRequest, search: Search, refused?: Refusal): Promise<void> {
  const isAsked = search.login !== undefined || search.address !== undefined
  const address = isAsked ? `/v1/lockouts?${new URLSearchParams(search)}` : listAddress(request, '/v1/lockouts')
  const asked = await request.api.send<Listing<Lock>>('GET', address)
  const problem = refused ?? (asked.outcome === 'refused' ? asked.problem : undefined)
  const found = asked.outcome === 'done' ? asked.body : undefined
  request.show(
    'lockouts',
    {
      title: 'Lockouts',
      search,
      problem,
      ...(found && (isAsked ? { locks: found.items } : { all: found.items, ...pageLinks(request, found.next) })),
    },
    { status: problem?.status ?? 200 },
  )
}

function namedIn(form: Form): Record<string, string> {
  return Object.fromEntries(FIELDS.flatMap((name) => (form[name] ? [[name, form[name]]] : [])))
}
