import { setTimeout } from 'node:timers/promises'
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker'
import type { TemporalConfig } from '../config.js'
import { temporalConnection } from './temporal/connect.js'

const connectWithinMs = 60_000
const betweenTriesMs = 250

async function connect(temporal: TemporalConfig): Promise<NativeConnection> {
  const { connectionOptions } = temporalConnection(temporal)
  const giveUpAt = Date.now() + connectWithinMs
  for (;;) {
    try {
      return await NativeConnection.connect(connectionOptions)
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await setTimeout(betweenTriesMs)
    }
  }
}

/** Serves one task queue until it is closed; what is under way gets five seconds to finish or to stop. */
export async function serve(
  temporal: TemporalConfig,
  options: Omit<WorkerOptions, 'connection' | 'namespace'>,
): Promise<{ readonly connection: NativeConnection; close(): Promise<void> }> {
  // Signals are ours to handle, and only what somebody should look at is said.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
  const connection = await connect(temporal)
  const { namespace } = temporalConnection(temporal)
  const worker = await Worker.create({
    ...options,
    connection,
    namespace,
    shutdownGraceTime: '5 seconds',
  })
  const ended = worker.run()
  // A worker that ends by itself is a fault: the process ends with it and is started again.
  ended.catch(() => process.exit(1))
  return {
    connection,
    async close() {
      worker.shutdown()
      await ended
      await connection.close()
    },
  }
}
