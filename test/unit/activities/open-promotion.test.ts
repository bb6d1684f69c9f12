import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPromotion } from '../../../activities/open-promotion.js'
import { registryOf } from '../../../activities/registry/open.js'
import { outsideStream, promotionStream } from '../../../src/contract.js'
import { PromotionError } from '../../../src/domain/errors.js'
import type { RequestBody } from '../../../src/schema/statement.js'
import { ana, openDesk, requestFor, signedBy, type Desk } from './desk.js'

const refusals: readonly (readonly [string, string, Partial<RequestBody>, string | undefined])[] = [
  ['the registry does not know the model', 'MODEL_NOT_FOUND', { model: 'ward-nobody' }, undefined],
  ['the registry does not know the version', 'MODEL_NOT_FOUND', { version: '99' }, undefined],
  ['no policy covers the environment', 'NO_POLICY', { environment: 'staging' }, undefined],
  ['the person may not request', 'NOT_ALLOWED', {}, ana],
  ['nobody knows the person', 'NOT_ALLOWED', {}, 'per_0000000000'],
  ['a person names a sponsor', 'NOT_ALLOWED', { sponsor: ana }, undefined],
  ['a machine identity names no sponsor', 'NOT_ALLOWED', {}, 'mac_8a35e1f0'],
  ['a machine identity names another’s sponsor', 'NOT_ALLOWED', { sponsor: ana }, 'mac_8a35e1f0'],
]

test.each(refusals)('a request is refused where %s', async (_, code, body, person) => {
  const desk = openDesk()
  const { input, workflowId, promotion } = requestFor(desk, body, person)
  const opening = await openPromotion(desk.deps, input, workflowId)
  expect(opening).toMatchObject({ kind: 'refused', code })
  expect(await desk.log.read(promotionStream(promotion))).toEqual([])
})

const forgeries: readonly (readonly [
  string,
  string,
  (desk: Desk) => readonly [unknown, string],
])[] = [
  ['it has no form', 'MALFORMED', () => ['hello', 'promotion:production:ward-forecast:1']],
  [
    'its run has the id of another version',
    'MALFORMED',
    (desk) => [requestFor(desk).input, 'promotion:production:ward-forecast:2'],
  ],
  [
    'another body stands under the statement',
    'SIGNATURE_INVALID',
    (desk) => {
      const { input, workflowId } = requestFor(desk)
      return [{ ...input, body: { ...input.body, sponsor: ana } }, workflowId]
    },
  ],
  [
    'the statement is of another act',
    'SIGNATURE_INVALID',
    (desk) => {
      const { input, workflowId, promotion } = requestFor(desk)
      const { person, nonce } = input.signed.statement
      const signed = signedBy(desk.api, 'cancel', promotion, input.body, person, nonce)
      return [{ ...input, signed }, workflowId]
    },
  ],
  [
    'the promotion id does not follow from person and key',
    'SIGNATURE_INVALID',
    (desk) => {
      const { input, workflowId } = requestFor(desk)
      const { person, nonce } = input.signed.statement
      const id = `prm_${'0'.repeat(32)}` as const
      const signed = signedBy(desk.api, 'request', id, input.body, person, nonce)
      return [{ ...input, signed }, workflowId]
    },
  ],
  [
    'another installation’s API signed it',
    'SIGNATURE_INVALID',
    () => {
      const { input, workflowId } = requestFor(openDesk())
      return [input, workflowId]
    },
  ],
]

test.each(forgeries)('a request is refused where %s', async (_, code, forge) => {
  const desk = openDesk()
  const [input, workflowId] = forge(desk)
  expect(await openPromotion(desk.deps, input, workflowId)).toMatchObject({ kind: 'refused', code })
})

test('a request is refused while the governance set is not valid', async () => {
  const desk = openDesk()
  writeFileSync(join(desk.governanceFolder, 'owners.yaml'), 'version: 1')
  const { input, workflowId } = requestFor(desk)
  const opening = await openPromotion(desk.deps, input, workflowId)
  expect(opening).toMatchObject({ kind: 'refused', code: 'GOVERNANCE_INVALID' })
})

test('a request is refused while the registry is away', async () => {
  const desk = openDesk({ registry: registryOf('folder:/nowhere/at/all') })
  const { input, workflowId } = requestFor(desk)
  const opening = await openPromotion(desk.deps, input, workflowId)
  expect(opening).toMatchObject({ kind: 'refused', code: 'REGISTRY_UNAVAILABLE' })
})

test('nothing is refused that could not be recorded: without the log the run waits', async () => {
  const desk = openDesk()
  const away = new PromotionError('LOG_UNAVAILABLE', 'the recorder is away')
  const log = { ...desk.log, read: () => Promise.reject(away) }
  const { input, workflowId } = requestFor(desk)
  await expect(openPromotion({ ...desk.deps, log }, input, workflowId)).rejects.toBe(away)
})

test('what others did is recorded once, however often it is seen', async () => {
  const desk = openDesk()
  for (let times = 0; times < 2; times += 1) {
    const { input, workflowId } = requestFor(desk)
    expect(await openPromotion(desk.deps, input, workflowId)).toMatchObject({ kind: 'facts' })
  }
  const seen = await desk.log.read(outsideStream('ward-forecast'))
  expect(seen.map(({ leaf }) => leaf.type)).toEqual(['training-run-started', 'version-created'])
  expect(await desk.log.read('governance')).toHaveLength(1)
})

test('a machine identity may ask for its own sponsor', async () => {
  const desk = openDesk()
  const { input, workflowId } = requestFor(desk, { sponsor: 'per_7c1e90a2' }, 'mac_8a35e1f0')
  const opening = await openPromotion(desk.deps, input, workflowId)
  expect(opening).toMatchObject({ kind: 'facts', request: { sponsor: 'per_7c1e90a2' } })
})
