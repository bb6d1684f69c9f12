import { Connection } from '@temporalio/client'
import { msNumberToTs } from '@temporalio/common/lib/time.js'
import { setTimeout as delay } from 'node:timers/promises'
import { PromotionError } from '../../domain/errors.js'
import type { TemporalConnection } from './connect.js'
import { indexedValueTypes, searchAttributeTypes } from './search-attributes.js'

/** How long histories of closed promotions stay in the embedded server; ours are archived when they close. */
export const retentionDays = 30

const grpc = { invalidArgument: 3, permissionDenied: 7, unimplemented: 12 } as const

export interface PrepareOptions {
  /** Gives up when this aborts. */
  readonly signal: AbortSignal
  /** Only our own server is told how long to keep histories; a cluster's owner decides for it. */
  readonly setsRetention: boolean
}

/**
 * Waits until Temporal answers, then sees to what the workflow needs of it.
 *
 * @throws PromotionError `CONFIG_INVALID` where search attributes are missing and may not be made
 */
export async function prepareTemporal(
  target: TemporalConnection,
  options: PrepareOptions,
): Promise<void> {
  const connection = await connectWhenUp(target, options.signal)
  try {
    await namespaceWhenUp(connection, target.namespace, options.signal)
    if (options.setsRetention) await setRetention(connection, target.namespace)
    await registerSearchAttributes(connection, target.namespace)
  } finally {
    await connection.close()
  }
}

async function connectWhenUp(
  { connectionOptions }: TemporalConnection,
  signal: AbortSignal,
): Promise<Connection> {
  return untilItWorks(
    () => Connection.connect({ ...connectionOptions, connectTimeout: 2_000 }),
    signal,
  )
}

/** The server listens a moment before its namespace is there. */
async function namespaceWhenUp(
  connection: Connection,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await untilItWorks(() => connection.workflowService.describeNamespace({ namespace }), signal)
}

async function untilItWorks<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (cause) {
      if (signal.aborted) {
        const message = `Temporal does not answer: ${cause instanceof Error ? cause.message : ''}`
        throw new PromotionError('WORKER_UNAVAILABLE', message, {}, { cause })
      }
      await delay(100)
    }
  }
}

async function setRetention(connection: Connection, namespace: string): Promise<void> {
  const seconds = retentionDays * 24 * 3600
  const { config } = await connection.workflowService.describeNamespace({ namespace })
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === seconds) return
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msNumberToTs(seconds * 1000) },
  })
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { operatorService } = connection
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
    const known = new Set(Object.keys(customAttributes))
    const missing = Object.entries(searchAttributeTypes).filter(([name]) => !known.has(name))
    if (missing.length === 0) return
    const wanted = missing.map(([name, type]) => [name, indexedValueTypes[type]] as const)
    const attributes = Object.fromEntries(wanted)
    await operatorService.addSearchAttributes({ namespace, searchAttributes: attributes })
  } catch (cause) {
    if (!isCode(cause, grpc.unimplemented, grpc.permissionDenied)) throw cause
    await assertSearchable(connection, namespace)
  }
}

/** Where the operator's service is closed to us, a question tells whether the attributes are there. */
async function assertSearchable(connection: Connection, namespace: string): Promise<void> {
  const missing: string[] = []
  for (const [name, type] of Object.entries(searchAttributeTypes)) {
    try {
      const query = `${name} = 'none'`
      await connection.workflowService.countWorkflowExecutions({ namespace, query })
    } catch (error) {
      if (!isCode(error, grpc.invalidArgument)) throw error
      missing.push(`${name} (${type})`)
    }
  }
  if (missing.length === 0) return
  const message =
    'this Temporal lets nobody register search attributes over its API; ' +
    `register these for namespace ${namespace} in its console: ${missing.join(', ')}`
  throw new PromotionError('CONFIG_INVALID', message)
}

/** Temporal Cloud has no operator service, and a cluster may keep it for its operators. */
function isCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}
