import type { Attack } from './attack.ts'

/** Attacks on the terminal of an operator. */
export const attacks: readonly Attack[] = [
  {
    id: 'terminal-text',
    kind: 'A text of a customer or of a file holds control or direction characters, which the terminal of an operator obeys.',
    tests: [
      'test/attacks/terminal-text.test.ts › what is in a file of customers reaches no terminal as something that it obeys',
      'test/attacks/terminal-text.test.ts › what a receiver says of its stream and of signals reaches no terminal as something that it obeys',
    ],
  },
]
