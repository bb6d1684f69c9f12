import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import type { Opening } from '../../../activities/activities.js'
import { createActivities } from '../../../activities/index.js'
import type { SnapshotRef } from '../../../activities/snapshot/records.js'
import type { PromotionRequest } from '../../../src/schema/statement.js'
import { PromotionError } from '../../../src/domain/errors.js'
import { fromFailure } from '../../../src/failure.js'
import { openDesk, requestFor } from './desk.js'

function environmentOf(workflowId: string) {
  return new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'a-run' } })
}

test('a request is opened only in the run whose id is that version’s lock', async () => {
  const desk = openDesk()
  const { openPromotion } = createActivities(desk.deps)
  const { input, workflowId } = requestFor(desk)
  const elsewhere = environmentOf('promotion:production:ward-forecast:77')
  expect(await elsewhere.run(openPromotion, input)).toMatchObject({ code: 'MALFORMED' })
  const here = environmentOf(workflowId)
  expect(await here.run(openPromotion, input)).toMatchObject({ kind: 'facts' })
})

test('an error leaves an activity as a failure that says whether to try again', async () => {
  const desk = openDesk()
  const error = new PromotionError('LOG_UNAVAILABLE', 'the recorder is away')
  const log = { ...desk.log, read: () => Promise.reject(error) }
  const { readEvents } = createActivities({ ...desk.deps, log })
  const failure: unknown = await environmentOf('any')
    .run(readEvents, 'prm_0')
    .catch((thrown: unknown) => thrown)
  expect(failure).toMatchObject({ type: 'LOG_UNAVAILABLE', nonRetryable: false })
  expect(fromFailure(failure)).toMatchObject({ code: 'LOG_UNAVAILABLE' })
})

test('a check that is cancelled answers nothing, not even an error', async () => {
  const desk = openDesk()
  const { runCheck, snapshot, openPromotion } = createActivities(desk.deps)
  const { input, workflowId, promotion } = requestFor(desk)
  const environment = environmentOf(workflowId)
  const opening = await environment.run<[PromotionRequest], Opening, typeof openPromotion>(
    openPromotion,
    input,
  )
  if (opening.kind === 'refused') throw new Error(opening.detail)
  const place = { promotion, model: 'ward-forecast', version: '1' }
  const { modelDigest, signatureDigest } = await environment.run<
    [typeof place],
    SnapshotRef,
    typeof snapshot
  >(snapshot, place)
  const [first] = opening.request.rules.checks
  if (!first) throw new Error('the policy asks for no check')
  const { check, clauseDigest } = first
  const about = { promotion, check, clauseDigest, attempt: 1, modelDigest, signatureDigest }
  environment.cancel()
  await expect(environment.run(runCheck, about)).rejects.toThrow(/cancel|abort/i)
  expect(await desk.deps.evidence.attached(promotion)).toHaveLength(1)
})
