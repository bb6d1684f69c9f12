import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { record } from '../../../activities/record.js'
import {
  readerWithMemory,
  rememberGovernance,
  rulingFor,
} from '../../../activities/governance-in-force.js'
import { attestedPredicate, predicateTypes } from '../../../evidence/attestation.js'
import { createGovernanceReader } from '../../../governance/reader.js'
import { promotionStream } from '../../../src/contract.js'
import { digestOf, digestOfJson } from '../../../src/domain/canonical.js'
import { PromotionError } from '../../../src/domain/errors.js'
import type { PromotionEvent } from '../../../src/schema/event.js'
import { envelope } from '../../../src/schema/statement.js'
import { edit, seal } from '../governance/folder.js'
import { ana, factsOf, mira, openDesk, requestFor, signedBy, type Desk } from './desk.js'

const at = new Date().toISOString()

/** A promotion whose request is recorded, and a cancellation of it that its requester signed. */
async function requested(desk: Desk, signer = desk.api) {
  const asked = requestFor(desk)
  const { promotion } = asked
  const facts = await factsOf(desk, asked)
  const first: PromotionEvent = { type: 'requested', at, person: mira, body: facts }
  const begin = { promotion, expectedSeq: 0, events: [first], proof: null, decidedBy: digestOf('') }
  expect(await record(desk.deps, begin)).toMatchObject({ kind: 'recorded' })
  const body = { reason: digestOf('no longer needed') }
  const proof = signedBy(signer, 'cancel', promotion, body, mira, 'cancel-nonce')
  const event: PromotionEvent = {
    type: 'cancelled',
    at,
    person: mira,
    body: { ...body, signed: proof },
  }
  const { set } = await desk.deps.governance.current()
  const decidedBy = digestOfJson({ ...rulingFor(set, 'ward-forecast', 'production') })
  return {
    promotion,
    begin,
    cancel: { promotion, expectedSeq: 1, events: [event], proof, decidedBy },
  }
}

async function lengthOf(desk: Desk, promotion: string): Promise<number> {
  return (await desk.log.read(promotionStream(promotion))).length
}

test('nothing is recorded of an act that was signed by nobody we know', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk, openDesk().api)
  expect(await record(desk.deps, cancel)).toMatchObject({
    kind: 'unproven',
    code: 'SIGNATURE_INVALID',
  })
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('nothing is recorded of an act without its statement, or on the statement of another', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  const other = { reason: digestOf('something else') }
  const proof = signedBy(desk.api, 'cancel', promotion, other, mira, 'another-nonce')
  const [event] = cancel.events
  const stranger: PromotionEvent = { ...event, person: ana } as PromotionEvent
  for (const groundless of [
    { ...cancel, proof: null },
    { ...cancel, proof },
    { ...cancel, events: [stranger] },
  ]) {
    await expect(record(desk.deps, groundless)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
  }
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('nothing is recorded of a request that nobody we know signed', async () => {
  const desk = openDesk()
  const { promotion, begin } = await requested(desk)
  const [first] = begin.events
  if (first?.type !== 'requested') throw new Error('no request')
  const { signed } = requestFor(openDesk()).input
  const forged: PromotionEvent = { ...first, body: { ...first.body, signed } }
  const elsewhere = `prm_${'0'.repeat(32)}`
  const asked = { ...begin, promotion: elsewhere, events: [forged] }
  await expect(record(desk.deps, asked)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
  expect(await lengthOf(desk, elsewhere)).toBe(0)
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('a promotion is recorded, and a verdict signed, only where the release worker moved the alias', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  const modelDigest = digestOf('the bytes')
  const taken = { modelDigest, signatureDigest: null, files: 1, sizeBytes: 9 }
  const copied: PromotionEvent = { type: 'snapshotted', at, person: null, body: taken }
  await record(desk.deps, { ...cancel, events: [copied], proof: null })
  const move = { from: null, to: '1', modelDigest }
  const body = { ...move, aliasSeq: 0, approvedUntil: at }
  const promoted: PromotionEvent = { type: 'promoted', at, person: null, body }
  const asked = { ...cancel, expectedSeq: 2, events: [promoted], proof: null }
  const moved = (of: string) => ({
    type: 'alias-moved',
    at,
    person: null,
    body: { promotion: of, ...move },
  })
  await expect(record(desk.deps, asked)).rejects.toMatchObject({ code: 'WRONG_STATE' })
  await desk.log.append('alias:production:ward-forecast', 0, [
    moved(`prm_${'0'.repeat(32)}`),
    moved(promotion),
  ])
  await expect(record(desk.deps, asked)).rejects.toMatchObject({ code: 'WRONG_STATE' })
  const names = async () => (await desk.deps.evidence.attached(promotion)).map(({ name }) => name)
  expect(await names()).toEqual(['request'])
  const truly: PromotionEvent = { ...promoted, body: { ...body, aliasSeq: 1 } }
  expect(await record(desk.deps, { ...asked, events: [truly] })).toMatchObject({ kind: 'recorded' })
  expect(await names()).toEqual(['000002-promoted', 'request'])
})

test('nothing is recorded of an act while the set that says who may act is not valid', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  writeFileSync(join(desk.governanceFolder, 'owners.yaml'), 'version: 1')
  expect(await record(desk.deps, cancel)).toMatchObject({
    kind: 'unproven',
    code: 'GOVERNANCE_INVALID',
  })
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('an act that was decided by a set that is no longer in force is handed back', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  edit(
    desk.governanceFolder,
    'policies/ward.yaml',
    'approvalHolds: 90 days',
    'approvalHolds: 9 days',
  )
  edit(desk.governanceFolder, 'governance.yaml', 'sequence: 1', 'sequence: 2')
  seal(desk.governanceFolder)
  const answer = await record(desk.deps, cancel)
  expect(answer).toMatchObject({
    kind: 'governance-changed',
    rules: { governance: { sequence: 2 }, clocks: { approvalHoldsMs: 9 * 86_400_000 } },
  })
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('an act that comes after something else is handed back as a conflict', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  expect(await record(desk.deps, { ...cancel, expectedSeq: 0 })).toEqual({ kind: 'conflict' })
  expect(await lengthOf(desk, promotion)).toBe(1)
})

test('the same events at the same place again are one success and one entry', async () => {
  const desk = openDesk()
  const { promotion, begin, cancel } = await requested(desk)
  const first = await record(desk.deps, cancel)
  expect(first).toMatchObject({ kind: 'recorded' })
  expect(await record(desk.deps, cancel)).toEqual(first)
  expect(await record(desk.deps, begin)).toMatchObject({ kind: 'recorded' })
  expect(await lengthOf(desk, promotion)).toBe(2)
})

test('what was recorded before its answer was lost stays a success, whoever left since', async () => {
  const desk = openDesk()
  const { promotion, begin, cancel } = await requested(desk)
  const first = await record(desk.deps, cancel)
  const current = desk.deps.governance.current
  const governance = {
    async current() {
      const { set, keys } = await current()
      const people = set.owners.people.filter(({ id }) => id !== mira)
      return { keys, set: { ...set, owners: { ...set.owners, people } } }
    },
  }
  const after = { ...desk.deps, governance }
  expect(await record(after, cancel)).toEqual(first)
  expect(await record(after, begin)).toMatchObject({ kind: 'recorded' })
  expect(await record(after, { ...cancel, expectedSeq: 2 })).toMatchObject({ kind: 'unproven' })
  expect(await lengthOf(desk, promotion)).toBe(2)
})

test('an outage of the log is no refusal', async () => {
  const desk = openDesk()
  const { cancel } = await requested(desk)
  const away = new PromotionError('LOG_UNAVAILABLE', 'the recorder is away')
  const log = { ...desk.log, append: () => Promise.reject(away) }
  await expect(record({ ...desk.deps, log }, cancel)).rejects.toBe(away)
})

test('every decision about bytes leaves an attestation that others can verify', async () => {
  const desk = openDesk()
  const { promotion, cancel } = await requested(desk)
  const modelDigest = digestOf('the bytes')
  const body = { modelDigest, signatureDigest: null, files: 1, sizeBytes: 9 }
  const copied: PromotionEvent = { type: 'snapshotted', at, person: null, body }
  await record(desk.deps, { ...cancel, events: [copied], proof: null })
  await record(desk.deps, { ...cancel, expectedSeq: 2 })
  const [attached] = await desk.deps.evidence.attached(promotion)
  expect(attached?.name).toBe('000002-cancelled')
  const text = await desk.deps.evidence.get(attached?.digest ?? digestOf(''))
  const sealed = envelope.parse(JSON.parse(text ?? '{}'))
  const { attestationKey, apiKey } = desk.deps.installation
  const said = (key: typeof apiKey, about = modelDigest) =>
    attestedPredicate(sealed, [key], about, predicateTypes.decision)
  expect(said(attestationKey)).toMatchObject({ leaf: { type: 'cancelled', seq: 2 } })
  expect(said(apiKey)).toBeNull()
  expect(said(attestationKey, digestOf('other bytes'))).toBeNull()
})

test('a governance set is remembered once, and no older one is taken afterwards', async () => {
  const { deps, log } = openDesk()
  const { set } = await deps.governance.current()
  await rememberGovernance(deps, set)
  await rememberGovernance(deps, set)
  expect(await log.read('governance')).toHaveLength(1)
  for (const sequence of [0, 1]) {
    const changed = { ...set, sequence, digest: digestOf(`changed ${sequence}`) }
    await expect(rememberGovernance(deps, changed)).rejects.toMatchObject({
      code: 'GOVERNANCE_INVALID',
      detail: { field: 'sequence' },
    })
  }
  const next = { ...set, sequence: 2, digest: digestOf('the next one') }
  await rememberGovernance(deps, next)
  expect((await log.read('governance')).map(({ body }) => body['sequence'])).toEqual([1, 2])
  await expect(rememberGovernance(deps, set)).rejects.toMatchObject({ code: 'GOVERNANCE_INVALID' })
})

test('a reader that was started anew takes no set that is older than one that the log has seen', async () => {
  const { log, deps, governanceFolder } = openDesk()
  const anew = () => readerWithMemory(log, (seen) => createGovernanceReader(governanceFolder, seen))
  expect((await anew().current()).set.sequence).toBe(1)
  const { set } = await deps.governance.current()
  await rememberGovernance(deps, set)
  expect((await anew().current()).set.digest).toBe(set.digest)
  await rememberGovernance(deps, { ...set, sequence: 2, digest: digestOf('the next one') })
  await expect(anew().current()).rejects.toMatchObject({ code: 'GOVERNANCE_INVALID' })
})

test('a reader asks the log again where the log did not answer', async () => {
  const { log, governanceFolder } = openDesk()
  const away = new PromotionError('LOG_UNAVAILABLE', 'the recorder is away')
  let isAway = true
  const read: typeof log.read = (...of) => (isAway ? Promise.reject(away) : log.read(...of))
  const reader = readerWithMemory({ ...log, read }, (seen) =>
    createGovernanceReader(governanceFolder, seen),
  )
  await expect(reader.current()).rejects.toBe(away)
  isAway = false
  expect((await reader.current()).set.sequence).toBe(1)
})
