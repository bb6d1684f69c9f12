interface Waiter {
  readonly nextSeq: number
  readonly resolve: (isThere: boolean) => void
}

export type Waiters = ReturnType<typeof createWaiters>

/** Lets callers wait until a stream has come to a sequence number. */
export function createWaiters() {
  const waiting = new Map<string, Set<Waiter>>()

  return {
    /** Tells whoever waits that a stream has come so far. */
    told(stream: string, nextSeq: number): void {
      for (const waiter of waiting.get(stream) ?? []) {
        if (waiter.nextSeq <= nextSeq) waiter.resolve(true)
      }
    },
    /** True once it has come so far; false when the signal aborted first. */
    wait(stream: string, nextSeq: number, signal: AbortSignal): Promise<boolean> {
      return new Promise((resolve) => {
        const set = waiting.get(stream) ?? new Set<Waiter>()
        waiting.set(stream, set)
        const waiter: Waiter = {
          nextSeq,
          resolve: (isThere) => {
            set.delete(waiter)
            if (set.size === 0 && waiting.get(stream) === set) waiting.delete(stream)
            signal.removeEventListener('abort', giveUp)
            resolve(isThere)
          },
        }
        const giveUp = () => waiter.resolve(false)
        set.add(waiter)
        signal.addEventListener('abort', giveUp, { once: true })
        if (signal.aborted) giveUp()
      })
    },
  }
}
