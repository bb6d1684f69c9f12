import { isPromotionError } from '../domain/errors.js'

/** What a process of ours runs until it is told to stop. */
export interface Running {
  close(): Promise<void>
}

/** How long a process may take to finish what it does, before it ends all the same. */
const closeWithinMs = 10_000

/** What a process ends with when only a person can mend its settings; starting it again would not help. */
export const settingsExitCode = 78

/**
 * Starts one process of ours, says on stdout when it is ready (one JSON line), and ends it in
 * order on SIGTERM or SIGINT. What somebody can mend is said without a stack.
 */
export async function runUntilStopped(name: string, start: () => Promise<Running>): Promise<void> {
  let running: Running | null = null
  const stop = () => {
    if (running === null) process.exit(0)
    void stopAndExit(name, running)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  try {
    running = await start()
    process.stdout.write(`${JSON.stringify({ ready: true, process: name })}\n`)
  } catch (error) {
    process.stderr.write(`${name}: ${sayingOf(error)}\n`)
    const isSettings = isPromotionError(error) && error.code === 'CONFIG_INVALID'
    process.exit(isSettings ? settingsExitCode : 1)
  }
}

/** Our own errors are written for people; anything else is a bug and shows where it is. */
export function sayingOf(error: unknown): string {
  if (isPromotionError(error)) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function stopAndExit(name: string, running: Running): Promise<void> {
  setTimeout(() => process.exit(1), closeWithinMs).unref()
  try {
    await running.close()
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${name}: ${sayingOf(error)}\n`)
    process.exit(1)
  }
}
