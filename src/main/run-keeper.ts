import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import { z } from 'zod'
import type { RunKeeper } from '../../activities/revive-runs.js'
import { promoteModelType, taskQueue } from '../contract.js'

const memo = z.looseObject({ promotion: z.string() })

/** The runs of promotions as Temporal tells of them. */
export function createRunKeeper(client: Client): RunKeeper {
  return {
    async underWay() {
      const query = `WorkflowType = '${promoteModelType}' AND ExecutionStatus = 'Running'`
      const promotions = new Set<string>()
      for await (const found of client.workflow.list({ query, pageSize: 1000 })) {
        const { data } = memo.safeParse(found.memo)
        if (data) promotions.add(data.promotion)
      }
      return promotions
    },
    async resume(workflowId, promotion) {
      try {
        await client.workflow.start(promoteModelType, {
          workflowId,
          taskQueue,
          args: [{ resume: promotion, isRevived: true }],
          memo: { promotion },
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        })
        return true
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false
        throw error
      }
    },
  }
}
