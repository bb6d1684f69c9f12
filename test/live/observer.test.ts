import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAlias } from '../../activities/streams.js'
import { observeAliasesId, observeAliasesType, taskQueue } from '../../src/contract.js'
import { people, openHouse, type House } from './support/house.js'
import { soon } from './support/acting.js'
import { forge, releaseNow } from './support/forging.js'

let house: House

/** Longer than a stream's name may be, once it is percent-encoded. */
const unspeakable = '漢'.repeat(80)

beforeAll(async () => {
  house = await openHouse({
    labs: [
      { model: unspeakable, policy: (policy) => void (policy.id = 'lab-unspeakable') },
      { model: 'lab-watched', from: 'ward-forecast' },
      { model: 'lab-odd', from: 'ward-forecast' },
    ],
  })
}, 120_000)

afterAll(() => house?.close())

const versionsSeen = async (model: string) =>
  (await readAlias(house.log, 'production', model)).flatMap((event) =>
    event.type === 'alias-observed' ? [event.body.version] : [],
  )

test('a model whose name no stream can carry ends no watch over the others', async () => {
  const handle = await house.client.workflow.start(observeAliasesType, {
    workflowId: observeAliasesId,
    taskQueue,
    args: [100],
  })
  house.registryFolder.setAlias(unspeakable, '1')
  house.registryFolder.setAlias('lab-watched', '1')
  await expect.poll(() => versionsSeen('lab-watched'), soon).toEqual(['1'])
  house.registryFolder.setAlias('lab-watched', '2')
  await expect.poll(() => versionsSeen('lab-watched'), soon).toEqual(['1', '2'])
  expect((await handle.describe()).status.name).toBe('RUNNING')
  await handle.terminate()
})

test('an alias that points to what no version can be called is moved by nobody, until it is put right', async () => {
  house.registryFolder.setAlias('lab-odd', 'v 1 !')
  const asked = { model: 'lab-odd', version: '1', person: people.mira }
  const { promotion } = await forge(house, asked)
  await expect(releaseNow(house, promotion)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    message: expect.stringMatching(/which no version can be called/),
  })
  house.registryFolder.setAlias('lab-odd', '2')
  await expect
    .poll(() => releaseNow(house, promotion), soon)
    .toMatchObject({
      kind: 'champion-changed',
      champion: { version: '2' },
    })
  expect(await house.registry.alias('lab-odd', 'production')).toBe('2')
})
