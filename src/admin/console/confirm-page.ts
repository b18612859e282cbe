import { seeOther } from '../../http/see-other.ts'
import type { Answer } from './console-api.ts'
import type { ConsolePage, Refusal, Visit } from './page.ts'

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
  readonly ask: (visit: Visit) => Question | Promise<Question>
  readonly act: (visit: Visit) => Promise<Answer<unknown>>
  /** The message that `back` shows then. */
  readonly done: string
}

/** A page that asks once, and acts when its button is pressed. */
export function confirmPage({ path, ask, act, done }: Confirmed): ConsolePage {
  async function show(visit: Visit, problem?: Refusal): Promise<void> {
    visit.show('confirm', { ...(await ask(visit)), problem }, { status: problem?.status ?? 200 })
  }
  return {
    path,
    open: (visit) => show(visit),
    async submit(visit) {
      const answer = await act(visit)
      if (answer.outcome === 'refused') return show(visit, answer.problem)
      const { back } = await ask(visit)
      seeOther(visit.ctx, `${back}${back.includes('?') ? '&' : '?'}done=${done}`)
    },
  }
}
