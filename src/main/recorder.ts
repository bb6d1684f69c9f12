import { pino } from 'pino'
import { z } from 'zod'
import { isPromotionError } from '../domain/errors.js'
import { startRecorder } from '../../recorder/start-recorder.js'
import { loadTokens } from '../../recorder/tokens.js'

const settings = z.object({
  COUNTERSIGN_HOME: z.string().min(1).default('.countersign'),
  COUNTERSIGN_RECORDER_PORT: z.coerce.number().pipe(z.int().min(0).max(65_535)).prefault('8412'),
})

const logger = pino({ name: 'recorder' }, pino.destination({ dest: 2, sync: true }))

async function main(): Promise<void> {
  const { COUNTERSIGN_HOME: home, COUNTERSIGN_RECORDER_PORT: port } = settings.parse(process.env)
  const tokens = await loadTokens(home)
  const recorder = await startRecorder({ dir: home, port, tokens, logger })

  const stop = (): void => {
    void recorder.close().catch((error: unknown) => {
      logger.error({ err: error }, 'the recorder did not close cleanly')
      process.exitCode = 1
    })
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { url, leaves } = recorder
  process.stdout.write(`${JSON.stringify({ ready: true, process: 'recorder', url, leaves })}\n`)
}

try {
  await main()
} catch (error) {
  const remedy = isPromotionError(error) ? error.detail.remedy : undefined
  logger.fatal({ err: error, remedy }, 'the recorder does not start')
  process.exitCode = 1
}
