/** Waits for a signal, stops, and says so on the way. A second signal ends the process at once, by `kill`. */
export async function untilStopped({
  signals = ['SIGINT', 'SIGTERM'],
  stop,
  kill = () => {},
}: {
  signals?: readonly NodeJS.Signals[]
  stop: () => Promise<void>
  kill?: () => void
}): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let isStopping = false
    const take = (signal: string) => {
      if (isStopping) {
        kill()
        process.exit(1)
      }
      isStopping = true
      console.log(`· ${signal}: finishing running requests (send it again to stop at once)`)
      stop().then(resolve, reject)
    }
    for (const signal of signals) process.on(signal, take)
  })
  console.log('· stopped')
}
