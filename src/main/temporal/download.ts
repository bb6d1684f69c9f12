import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Say } from './paths.js'

const withinMs = 180_000

/**
 * Lets Temporal's own library fetch the command line. The library is there only where the
 * development dependencies are.
 *
 * @throws Error with why it did not work
 */
export async function downloadTemporal(path: string, say: Say): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const folder = mkdtempSync(join(dirname(path), 'download-'))
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing')
    say("Fetching Temporal's command line.")
    const executable = { type: 'cached-download', downloadDir: folder } as const
    const environment = await beforeDeadline(
      TestWorkflowEnvironment.createLocal({ server: { executable } }),
    )
    await environment.teardown()
    const [file] = readdirSync(folder)
    if (file === undefined) throw new Error('nothing was fetched')
    renameSync(join(folder, file), path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function beforeDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took longer than 3 minutes')), withinMs)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
