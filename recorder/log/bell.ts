/** Wakes whoever waits for something new. */
export interface Bell {
  ring(): void
  /** Returns with the next ring, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  const waiting = new Set<() => void>()
  return {
    ring() {
      for (const wake of waiting) wake()
    },
    wait(signal) {
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        if (signal.aborted) {
          resolve()
          return
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    },
  }
}
