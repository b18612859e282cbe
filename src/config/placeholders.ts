const FEWEST_CHARACTERS = 5
const MOST_STEPS = 0.75
const WORDS =
  /change[-_ ]?(me|this|it)|place[-_ ]?holder|replace[-_ ]?(me|this|with)|your[-_ ]?(secret|key|token|password|cookie|admin)|example[-_ ]?(secret|key|token)|qwertyuiop|^(password|secret|token|insecure)[\d!]*$|^<.*>$/i

/** Whether a secret was never chosen: one character or a few of them, a repeated piece, a sequence, or a word like "changeme". */
export function isPlaceholder(secret: string): boolean {
  return new Set(secret).size < FEWEST_CHARACTERS || WORDS.test(secret) || isRepeated(secret) || isSequence(secret)
}

function isRepeated(secret: string): boolean {
  for (let length = 1; length <= Math.min(secret.length / 2, 64); length++)
    if (secret.slice(length) === secret.slice(0, -length)) return true
  return false
}

/** `0123456789abcdef`: nearly each character is the neighbour of the one before. */
function isSequence(secret: string): boolean {
  let steps = 0
  for (let index = 1; index < secret.length; index++)
    if (Math.abs(secret.charCodeAt(index) - secret.charCodeAt(index - 1)) === 1) steps += 1
  return steps >= (secret.length - 1) * MOST_STEPS
}
