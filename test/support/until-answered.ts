/** Sends again while the answer is 503, as a client that is told to come again: a busy machine says so to some of many. */
export async function untilAnswered<T extends { status: number }>(send: () => Promise<T>): Promise<T> {
  const answer = await send()
  return answer.status === 503 ? untilAnswered(send) : answer
}
