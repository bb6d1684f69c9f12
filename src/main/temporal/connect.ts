import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { ClientConnectConfig } from '@temporalio/envconfig'
import type { TemporalConfig } from '../../config.js'
import { PromotionError } from '../../domain/errors.js'

export interface TemporalConnection {
  /** For `Connection.connect` and for `NativeConnection.connect`. */
  readonly connectionOptions: ClientConnectConfig['connectionOptions']
  readonly namespace: string
}

/**
 * How to reach Temporal: our embedded server, or what the standard TEMPORAL_ settings say.
 *
 * @throws PromotionError `CONFIG_INVALID`
 */
export function temporalConnection(
  temporal: TemporalConfig,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TemporalConnection {
  if (temporal.kind === 'embedded') {
    const { address, namespace } = temporal
    return { connectionOptions: { address }, namespace }
  }
  const given = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  try {
    const overrideEnvVars: Record<string, string> = Object.fromEntries(given)
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars })
    return { connectionOptions, namespace: namespace ?? 'default' }
  } catch (cause) {
    const message = `the TEMPORAL_ settings cannot be used: ${String(cause)}`
    throw new PromotionError('CONFIG_INVALID', message, {}, { cause })
  }
}
