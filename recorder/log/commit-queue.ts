import { setImmediate } from 'node:timers/promises'

export interface CommitQueue<T, R> {
  /** Hands in one item; answers once the batch that holds it was committed, and fails with it. */
  push(item: T): Promise<R>
  /** Returns once nothing waits any more. */
  idle(): Promise<void>
}

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/** Whatever comes while one batch is being committed goes into the next, so that many wait for one fsync. */
export function createCommitQueue<T, R>(
  commit: (items: readonly T[]) => Promise<readonly R[]>,
  maxBatch: number,
): CommitQueue<T, R> {
  let waiting: Waiting<T, R>[] = []
  let running = Promise.resolve()
  let isRunning = false

  async function run(): Promise<void> {
    await setImmediate()
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch)
      waiting = waiting.slice(maxBatch)
      await settle(batch)
    }
    isRunning = false
  }

  async function settle(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item))
      for (const [at, result] of results.entries()) batch[at]?.resolve(result)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    push(item) {
      return new Promise<R>((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (isRunning) return
        isRunning = true
        running = run()
      })
    },
    idle: () => running,
  }
}
