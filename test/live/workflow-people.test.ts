import { afterAll, beforeAll, expect, test } from 'vitest'
import { isoOf } from '../../src/domain/time.js'
import { openHouse, people, type House } from './support/house.js'
import type { PolicyFile } from '../../src/schema/governance.js'
import {
  eventCounts,
  perform,
  request,
  signOff,
  signOffCommand,
  send,
  stateOf,
  until,
  untilEnded,
  waiting,
} from './support/acting.js'

let house: House

/** Time to mend, and a bar that no model reaches, so that evaluation fails with findings that can be waived. */
function mending(policy: PolicyFile): void {
  policy.clocks.mendWithin = '1 hours'
  policy.limits.reruns = 2
  if (policy.checks.evaluation) policy.checks.evaluation.overall = { accuracy: { atLeast: 0.999 } }
}

/** A group of which the evaluation set holds too few rows to say anything. */
function inconclusive(policy: PolicyFile): void {
  policy.clocks.mendWithin = '1 hours'
  const [group] = policy.checks.evaluation?.groups ?? []
  if (group) group.minRows = 100_000
}

beforeAll(async () => {
  house = await openHouse({
    labs: [
      { model: 'lab-rejected' },
      { model: 'lab-withdrawn' },
      { model: 'lab-rerun', policy: mending },
      { model: 'lab-waived', policy: mending },
      { model: 'lab-accepted', policy: inconclusive },
      { model: 'lab-stale' },
    ],
  })
}, 120_000)

afterAll(() => house?.close())

async function blocked(model: string) {
  const asked = await request(house, { model, version: '1', person: people.mira })
  const state = await until(house, asked.promotion, ({ phase }) => phase === 'blocked')
  return { ...asked, state }
}

const inAnHour = () => isoOf(Date.now() + 3_600_000)

test('one rejection ends it, and the alias is never touched', async () => {
  const asked = await waiting(house, 'lab-rejected')
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  const answer = await signOff(house, asked, 'model-risk', { person: people.ana }, 'reject')
  expect(answer).toMatchObject({ kind: 'accepted', phase: 'rejected' })
  expect(await asked.handle.result()).toMatchObject({ phase: 'rejected', code: 'REJECTED' })
  expect(await house.registry.alias('lab-rejected', 'production')).toBeNull()
})

test('a sign-off that is withdrawn leaves its seat open again', async () => {
  const asked = await waiting(house, 'lab-withdrawn')
  const withdrawal = (person: string) =>
    perform(house, asked, 'withdrawal', { seat: 'model-risk' }, { person })
  expect(await withdrawal(people.ana)).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' })
  await signOff(house, asked, 'model-risk', { person: people.ana })
  expect(await withdrawal(people.chi)).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' })
  expect(await withdrawal(people.ana)).toMatchObject({ kind: 'accepted' })
  expect(await signOff(house, asked, 'clinical-safety', { person: people.dev })).toMatchObject({
    phase: 'awaiting-sign-off',
  })
  expect(await signOff(house, asked, 'model-risk', { person: people.chi })).toMatchObject({
    phase: 'promoting',
  })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('a sign-off over a decision digest that nobody was asked for is refused', async () => {
  const asked = await waiting(house, 'lab-stale')
  const spoken = {
    seat: 'model-risk',
    decisionDigest: `sha256:${'0'.repeat(64)}`,
    verdict: 'approve',
    conditions: null,
  } as const
  expect(await perform(house, asked, 'sign-off', spoken, { person: people.ana })).toMatchObject({
    kind: 'refused',
    code: 'DIGEST_OUT_OF_DATE',
  })
  expect(await stateOf(house, asked.promotion)).toMatchObject({ signOffs: [] })
})

test('a check may be run again by whoever may operate, as often as policy allows', async () => {
  const asked = await blocked('lab-rerun')
  const again = (person: string) =>
    perform(house, asked, 'rerun', { check: 'evaluation' }, { person })
  const attempted = (attempt: number) =>
    until(
      house,
      asked.promotion,
      ({ phase, checks }) =>
        phase === 'blocked' &&
        checks.some((one) => one.check === 'evaluation' && one.attempt === attempt && one.report),
    )
  expect(await again(people.eli)).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' })
  expect(await again(people.mira)).toMatchObject({ kind: 'accepted' })
  await attempted(2)
  expect(await again(people.gus)).toMatchObject({ kind: 'accepted' })
  const state = await attempted(3)
  expect(await again(people.mira)).toMatchObject({ kind: 'refused', code: 'LIMIT_REACHED' })
  const reports = state.checks.map(({ report }) => report?.resultDigest)
  const before = asked.state.checks.map(({ report }) => report?.resultDigest)
  expect(reports).toEqual(before)
  await perform(house, asked, 'cancel', {}, { person: people.gus })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('cancelled')
})

test('findings that an owner waives no longer block, and the seats sign over the waiver', async () => {
  const asked = await blocked('lab-waived')
  const { state } = asked
  const modelDigest = state.snapshot?.modelDigest ?? `sha256:${'0'.repeat(64)}`
  const findings = state.checks.flatMap(({ check, report }) =>
    check === 'evaluation' ? (report?.findings ?? []) : [],
  )
  const serious = findings.filter(({ severity }) => severity !== 'info')
  expect(serious.length).toBeGreaterThan(0)
  const waive = (finding: string, person: string) => {
    const spoken = { check: 'evaluation', finding, modelDigest, until: inAnHour() } as const
    return perform(house, asked, 'waiver', spoken, { person })
  }
  expect(await waive(serious[0]?.id ?? '', people.bo)).toMatchObject({ code: 'NOT_ELIGIBLE' })
  expect(await waive('evaluation/none-such', people.ana)).toMatchObject({ code: 'NOT_FOUND' })
  for (const { id } of serious) {
    expect(await waive(id, people.ana)).toMatchObject({ kind: 'accepted' })
  }
  await until(house, asked.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  await signOff(house, asked, 'model-risk', { person: people.chi })
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('an inconclusive check needs a named reviewer before anybody is asked to sign', async () => {
  const asked = await blocked('lab-accepted')
  const open = asked.state.checks.find(({ report }) => report?.outcome === 'inconclusive')
  const resultDigest = open?.report?.resultDigest
  if (!resultDigest) throw new Error('the evaluation was not inconclusive')
  const accept = (person: string) => {
    const spoken = { check: 'evaluation', resultDigest, until: inAnHour() } as const
    return perform(house, asked, 'acceptance', spoken, { person })
  }
  expect(await accept(people.mira)).toMatchObject({ kind: 'refused', code: 'NOT_ELIGIBLE' })
  expect(await accept(people.ana)).toMatchObject({ kind: 'accepted', phase: 'awaiting-sign-off' })
  const early = await signOffCommand(house, asked.promotion, 'model-risk', { person: people.chi })
  expect(await send(house, asked.workflowId, early)).toMatchObject({ kind: 'accepted' })
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  expect(await eventCounts(house, asked.promotion)).toMatchObject({ accepted: 1, promoted: 1 })
})
