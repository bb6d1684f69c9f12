import { readFile } from 'node:fs/promises'
import { createReleaseActivities } from '../../activities/index.js'
import { aliasWriterOf } from '../../activities/registry/open.js'
import { loadConfig } from '../config.js'
import { releaseTaskQueue } from '../contract.js'
import { recorderFor, sharedParts } from './parts.js'
import { runUntilStopped } from './process.js'
import { serve } from './run-worker.js'

async function registryToken(file: string | null): Promise<{ readonly token?: string }> {
  return file === null ? {} : { token: (await readFile(file, 'utf8')).trim() }
}

await runUntilStopped('release', async () => {
  const config = loadConfig()
  const recorder = await recorderFor(config, 'release')
  const access = await registryToken(config.registryTokenFile)
  const activities = createReleaseActivities({
    ...sharedParts(config, recorder),
    aliases: aliasWriterOf(config.registry, access),
  })
  return serve(config.temporal, {
    taskQueue: releaseTaskQueue,
    activities: { ...activities },
    // One move at a time: what another left open is then always found closed or abandoned.
    maxConcurrentActivityTaskExecutions: 1,
  })
})
