import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAlias, readPromotion } from '../../activities/streams.js'
import { openPromotion } from '../../activities/open-promotion.js'
import { snapshotOnce } from '../../activities/snapshot-once.js'
import { fold } from '../../src/domain/evolve.js'
import { isoOf } from '../../src/domain/time.js'
import { promotionId } from '../../src/schema/ids.js'
import { eventCounts, requestOf, signOff, untilEnded, waiting } from './support/acting.js'
import { appendToAlias, follow, forge, honestly, quiet, releaseNow } from './support/forging.js'
import type { Draft } from './support/governance.js'
import { openHouse, people, type House } from './support/house.js'

let house: House

beforeAll(async () => {
  house = await openHouse({
    labs: [
      { model: 'lab-gone' },
      ...['early', 'tampered', 'begun'].map((name) => ({
        model: `lab-${name}`,
        from: 'ward-forecast' as const,
      })),
    ],
  })
}, 120_000)

afterAll(() => house?.close())

function without(person: string) {
  return ({ owners, head }: Draft) => {
    owners.machines.splice(0)
    for (const signer of head.signers) if (signer.person === person) signer.person = null
    owners.people.splice(
      owners.people.findIndex(({ id }) => id === person),
      1,
    )
    for (const team of owners.teams) team.members = team.members.filter((id) => id !== person)
  }
}

async function begin(promotion: string): Promise<void> {
  const stream = `promotion:${promotion}`
  const { length } = await house.log.read(stream)
  const at = isoOf(Date.now())
  const begun = { type: 'release-started', at, person: null, body: { attempt: 1 } }
  await house.releaseDeps.log.append(stream, length, [begun])
}

const ward = (model: string) => ({ model, version: '1', person: people.mira })

test('whoever leaves altogether takes their own sign-off with them, and the promotion goes on', async () => {
  const asked = await waiting(house, 'lab-gone')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  house.governanceFolder.govern(without(people.ana))
  await signOff(house, asked, 'model-risk', { person: people.chi })
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  const { phase, end } = await untilEnded(house, asked.promotion)
  house.governanceFolder.govern()
  expect({ phase, end }).toEqual({ phase: 'promoted', end: null })
  expect((await eventCounts(house, asked.promotion))['sign-off-voided']).toBe(1)
})

test('a clock that was set ahead in the log releases nothing', async () => {
  const model = 'lab-early'
  const { promotion, workflowId, input } = await requestOf(house, ward(model))
  const opening = await openPromotion(house.workerDeps, input, workflowId)
  if (opening.kind === 'refused') throw new Error(opening.detail)
  await follow(house, promotion, { kind: 'open', at: Date.now(), request: opening.request })
  const snapshot = await snapshotOnce(house.workerDeps, { promotion, model, version: '1' }, quiet)
  await follow(house, promotion, { kind: 'snapshotted', at: Date.now(), snapshot })
  const ahead = Date.now() + 24 * 3_600_000
  for (const { check, clauseDigest, attempt } of fold(await readPromotion(house.log, promotion))
    .checks) {
    const { modelDigest, signatureDigest } = snapshot
    const about = { promotion, check, clauseDigest, attempt, modelDigest, signatureDigest }
    const report = await honestly(house)(about)
    await follow(house, promotion, { kind: 'check', at: ahead, attempt, report })
  }
  expect(await releaseNow(house, promotion)).toMatchObject({
    kind: 'refused',
    code: 'RELEASE_REFUSED',
    detail: expect.stringMatching(/lies ahead/),
  })
  expect(await house.registry.alias(model, 'production')).toBeNull()
})

test('a release that was cut off before its intent reads the bytes again', async () => {
  const { promotion } = await forge(house, ward('lab-tampered'))
  await begin(promotion)
  house.registryFolder.tamper('lab-tampered', '1')
  expect(await releaseNow(house, promotion)).toMatchObject({
    kind: 'refused',
    code: 'BYTES_CHANGED',
  })
  expect(await eventCounts(house, promotion)).toMatchObject({ 'release-stopped': 1 })
  expect(await readAlias(house.log, 'production', 'lab-tampered')).toEqual([])
})

test('a release that was cut off after the move is finished, though its requester has left since', async () => {
  const model = 'lab-begun'
  const { promotion } = await forge(house, ward(model))
  await begin(promotion)
  const { snapshot } = fold(await readPromotion(house.log, promotion))
  const body = {
    promotion: promotionId.parse(promotion),
    from: null,
    to: '1',
    modelDigest: snapshot?.modelDigest ?? `sha256:${'0'.repeat(64)}`,
  } as const
  await appendToAlias(house, model, [
    { type: 'alias-intended', at: isoOf(Date.now()), person: null, body },
  ])
  house.registryFolder.setAlias(model, '1')
  house.governanceFolder.govern(without(people.mira))
  const released = await releaseNow(house, promotion)
  house.governanceFolder.govern()
  expect(released).toMatchObject({ kind: 'moved', aliasSeq: 1 })
})
