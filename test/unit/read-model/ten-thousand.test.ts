import { expect, test } from 'vitest'
import { pageOf } from '../../../api/view/list.js'
import { applyEvent, emptyProjection } from '../../../read-model/projection.js'
import { openWorld } from '../api/world.js'

test('ten thousand promotions are folded and listed without folding whole streams again', async () => {
  const world = await openWorld()
  const id = await world.request()
  const events = await world.log.read(`promotion:${id}`)
  world.close()
  const projection = emptyProjection()
  const startedAt = performance.now()
  let position = 0
  for (let count = 0; count < 10_000; count += 1) {
    const own = `prm_${count.toString(16).padStart(32, '0')}`
    for (const one of events) {
      const leaf = { ...one.leaf, stream: `promotion:${own}` }
      applyEvent(projection, { ...one, leaf, position })
      position += 1
    }
  }
  const foldedMs = performance.now() - startedAt
  const listedAt = performance.now()
  const page = pageOf(projection, { state: 'promoted', waitingOn: 'nobody' }, () => true, {
    before: Number.POSITIVE_INFINITY,
    limit: 50,
  })
  const listedMs = performance.now() - listedAt
  expect(page).toEqual({ records: [], next: null })
  expect(projection.promotions.size).toBe(10_000)
  // A hundred times what it takes on an idle machine, so that only another order of growth fails.
  expect(foldedMs).toBeLessThan(120_000)
  expect(listedMs).toBeLessThan(1000)
}, 180_000)
