import { seeOther } from '../../http/see-other.ts'
import type { Answer } from './console-api.ts'
import { type ConsolePage, type ConsoleRequest, isFinal, type Refusal } from './page.ts'

/** What a page says before something is done, and where it leads. */
export type Question = {
  readonly title: string
  /** What it is about, as the server names it. */
  readonly subject?: string
  /** What follows from it. */
  readonly consequence: string
  readonly button: string
  readonly isDangerous?: boolean
  /** The page that leads here, and that shows what came of it. */
  readonly back: string
}

type Confirmed = {
  readonly path: string
  readonly ask: (request: ConsoleRequest) => Question | Promise<Question>
  readonly act: (request: ConsoleRequest) => Promise<Answer<unknown>>
  /** The message that `back` shows then. */
  readonly done: string
}

/** A page that asks once, and acts when its button is pressed. */
export function confirmPage({ path, ask, act, done }: Confirmed): ConsolePage {
  async function show(request: ConsoleRequest, problem?: Refusal): Promise<void> {
    request.show(
      'confirm',
      { ...(await ask(request)), problem, isFinal: isFinal(problem) },
      { status: problem?.status ?? 200 },
    )
  }
  return {
    path,
    open: (request) => show(request),
    async submit(request) {
      const answer = await act(request)
      if (answer.outcome === 'refused') return show(request, answer.problem)
      const { back } = await ask(request)
      seeOther(request.ctx, `${back}${back.includes('?') ? '&' : '?'}done=${done}`)
    },
  }
}
