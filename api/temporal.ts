import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { z } from 'zod'
import { updateIdOf } from '../evidence/statement.js'
import {
  actName,
  openName,
  promoteModelType,
  promotionWorkflowId,
  taskQueue,
  type ActAnswer,
  type OpenAnswer,
} from '../src/contract.js'
import { PromotionError } from '../src/domain/errors.js'
import { fromFailure } from '../src/failure.js'
import type { PromotionRef, Promotions, Started } from './promotions.js'

const openAnswer: z.ZodType<OpenAnswer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('opened'), nextSeq: z.int() }),
  z.object({
    kind: z.literal('refused'),
    code: z.string(),
    detail: z.string(),
    field: z.string().exactOptional(),
    remedy: z.string().exactOptional(),
  }),
])

const actAnswer: z.ZodType<ActAnswer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), nextSeq: z.int(), phase: z.string() }),
  z.object({
    kind: z.literal('refused'),
    nextSeq: z.int(),
    code: z.string(),
    detail: z.string(),
    changes: z.array(z.string()).exactOptional(),
  }),
])

const memo = z.object({ promotion: z.string() })

const again = 'start the worker; then send the same request with the same Idempotency-Key'

function unavailable(cause: unknown): PromotionError {
  const why = 'no worker answered in time'
  return new PromotionError('WORKER_UNAVAILABLE', why, { remedy: again }, { cause })
}

/** What the run refused by code, or found malformed. A failure without a code of ours is a bug of the run. */
function fromUpdateFailure(error: WorkflowUpdateFailedError): unknown {
  const ours = fromFailure(error)
  if (ours) return ours
  return new PromotionError('INTERNAL', 'the run failed to answer', {}, { cause: error })
}

function translated(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError) return fromUpdateFailure(error)
  if (error instanceof WorkflowNotFoundError) {
    const why = 'no run is under way for this promotion'
    const remedy = 'within a minute it is given one, or shows its end; then send the same again'
    return new PromotionError('WORKER_UNAVAILABLE', why, { remedy }, { cause: error })
  }
  const isSilence =
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    error instanceof ServiceError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error) ||
    (error instanceof Error && 'code' in error && typeof error.code === 'number')
  return isSilence ? unavailable(error) : error
}

function workflowIdOf({ environment, model, version }: Omit<PromotionRef, 'promotion'>): string {
  const id = promotionWorkflowId(environment, model, version)
  if (id !== undefined) return id
  throw new PromotionError('MALFORMED', 'environment, model and version are too long together')
}

/** The promotion that the latest run of a workflow id is about; null where there is no run or it does not say. */
async function promotionOf(handle: WorkflowHandle): Promise<string | null> {
  try {
    return memo.safeParse((await handle.describe()).memo).data?.promotion ?? null
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  }
}

/** The run of a promotion: the latest of its workflow id, or an older one where a later promotion followed. */
async function runOf(client: Client, ref: PromotionRef): Promise<WorkflowHandle | null> {
  const workflowId = workflowIdOf(ref)
  const latest = client.workflow.getHandle(workflowId)
  if ((await promotionOf(latest)) === ref.promotion) return latest
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`
  for await (const found of client.workflow.list({ query })) {
    if (memo.safeParse(found.memo).data?.promotion === ref.promotion) {
      return client.workflow.getHandle(workflowId, found.runId)
    }
  }
  return null
}

/**
 * Promotions as runs of the workflow `promoteModel`.
 *
 * @param options.client connects when it is first used, so that the API answers while Temporal is not there yet
 * @param options.deadlineMs how long one call may take, in ms
 */
export function createTemporalPromotions(options: {
  readonly client: Client
  readonly deadlineMs?: number
}): Promotions {
  const { client, deadlineMs = 10_000 } = options

  async function within<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + deadlineMs, call)
    } catch (error) {
      throw translated(error)
    }
  }

  return {
    start: (request) => within(() => start(client, request)),
    open: (ref) =>
      within(async () => {
        const handle = client.workflow.getHandle(workflowIdOf(ref))
        const updateId = `${openName}-${ref.promotion}`
        return openAnswer.parse(await handle.executeUpdate<unknown, []>(openName, { updateId }))
      }),
    act: (ref, command) =>
      within(async () => {
        const { person, nonce } = command.signed.statement
        const updateId = updateIdOf(ref.promotion, person, nonce)
        const handle = client.workflow.getHandle(workflowIdOf(ref))
        const answer = await handle.executeUpdate<unknown, [typeof command]>(actName, {
          args: [command],
          updateId,
        })
        return actAnswer.parse(answer)
      }),
    history: (ref) =>
      within(async () => {
        const handle = await runOf(client, ref)
        return handle === null ? null : historyToJSON(await handle.fetchHistory())
      }),
    async isReachable() {
      try {
        await client.withDeadline(Date.now() + 2_000, () =>
          client.connection.workflowService.getSystemInfo({}),
        )
        return true
      } catch {
        return false
      }
    },
  }
}

async function start(
  client: Client,
  request: Parameters<Promotions['start']>[0],
): Promise<Started> {
  const { promotion } = request.signed.statement
  const workflowId = workflowIdOf(request.body)
  try {
    await client.workflow.start(promoteModelType, {
      workflowId,
      taskQueue,
      args: [request],
      memo: { promotion },
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    })
    return { kind: 'started' }
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    const handle = client.workflow.getHandle(workflowId)
    return { kind: 'under-way', promotion: await promotionOf(handle) }
  }
}
