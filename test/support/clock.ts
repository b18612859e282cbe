import { vi } from 'vitest'

/** Does something with the clock of this process moved ahead, by default past the time in which a code may be sent twice. */
export async function later<T>(act: () => Promise<T>, seconds = 10): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    vi.setSystemTime(Date.now() + seconds * 1000)
    return await act()
  } finally {
    vi.useRealTimers()
  }
}
