import { isMainThread } from 'node:worker_threads'

/** How long a process may take to end by itself once nobody watches it any more. */
const endsWithinMs = 8_000

/**
 * Loaded before a child of `npm start`: when the parent is gone, however it went, the child ends
 * in order, and if it hangs, all the same.
 */
if (isMainThread && process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), endsWithinMs).unref()
    process.kill(process.pid, 'SIGTERM')
  })
  process.channel.unref()
}
