import { expect, test } from 'vitest'
import { observationKey, observeAliases } from '../../../activities/observe-aliases.js'
import { aliasStream } from '../../../src/contract.js'
import { PromotionError } from '../../../src/domain/errors.js'
import { openDesk } from './desk.js'

function deskWith(alias: (model: string) => Promise<string | null>) {
  const desk = openDesk()
  return openDesk({ registry: { ...desk.deps.registry, alias } })
}

test('an alias that cannot be looked at keeps no other one from being seen', async () => {
  const broken = new PromotionError('MALFORMED', 'no stream can carry that name')
  const desk = deskWith((model) =>
    model === 'diabetes-risk' ? Promise.reject(broken) : Promise.resolve('1'),
  )
  await expect(observeAliases(desk.deps)).rejects.toBe(broken)
  const notes = await desk.log.notes(observationKey('production', 'ward-forecast'))
  expect(notes).toMatchObject([{ value: { version: '1' } }])
})

test('an alias that points to what no version can be called is not taken for a version', async () => {
  const odd = `v 1 ! ${'x'.repeat(300)}`
  const desk = deskWith((model) => Promise.resolve(model === 'ward-forecast' ? odd : null))
  await observeAliases(desk.deps)
  await observeAliases(desk.deps)
  const seen = await desk.log.read(aliasStream('production', 'ward-forecast'))
  const version = expect.stringMatching(/^v 1 ! x{193}…$/)
  expect(seen.map(({ body }) => body)).toEqual([{ version, diverged: true }])
})
