import { expect, test } from 'vitest'
import { textDigest } from '../../../evidence/statement.js'
import { openWorld } from './world.js'

const reasonSalt = '0123456789abcdef'.repeat(4)
const words = { reason: 'The figures hold.', reasonSalt }

test('whoever may not see a promotion keeps no words there', async () => {
  const world = await openWorld()
  const id = await world.request()
  expect((await world.post(`/v1/promotions/${id}/reasons`, 'stranger', words)).status).not.toBe(200)
  expect(
    (await world.post(`/v1/promotions/prm_${'0'.repeat(32)}/reasons`, 'ana', words)).status,
  ).toBe(404)
})

test('words without a salt of their own are refused', async () => {
  const world = await openWorld()
  const id = await world.request()
  const { status } = await world.post(`/v1/promotions/${id}/reasons`, 'ana', { reason: 'Yes.' })
  expect(status).toBe(422)
})

test('the words of a Signal are kept under the digest that its statement holds', async () => {
  const world = await openWorld()
  const id = await world.request()
  const response = await world.post(`/v1/promotions/${id}/reasons`, 'ana', words)
  expect(response.status).toBe(200)
  const digest = textDigest({ salt: reasonSalt, text: words.reason })
  expect(await response.json()).toEqual({ digest })
  expect(await world.log.getText(digest)).toMatchObject({ kind: 'present', text: words.reason })
})
