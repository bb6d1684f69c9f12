import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { governanceSet, people } from './governance-set.js'
import { openWorld, type World } from './world.js'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const codeOf = async (response: Response | Promise<Response>) => {
  const answer = await response
  const { code } = (await answer.json()) as { code?: string }
  return { status: answer.status, code }
}

const path = '/v1/promotions'

describe('asking for a promotion', () => {
  test('is answered with 201 and where it is, and a repeat with the same answer', async () => {
    const say = () => world.post(path, 'mira', world.wanted, 'mira-key-1')
    const first = await say()
    expect(first.status).toBe(201)
    const answer = (await first.json()) as { id: string; href: string }
    expect(first.headers.get('location')).toBe(answer.href)
    expect(answer).toMatchObject({
      model: 'diabetes-risk',
      environment: 'production',
      tier: 'high',
    })
    const second = await say()
    expect([second.status, await second.json()]).toEqual([201, answer])
    expect((await world.log.read(`promotion:${answer.id}`)).length).toBeGreaterThan(3)
  })

  test('under a key that asked for something else is refused', async () => {
    await world.post(path, 'mira', world.wanted, 'mira-key-1')
    const other = world.post(path, 'mira', { ...world.wanted, version: '2' }, 'mira-key-1')
    expect(await codeOf(other)).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    const reworded = world.post(path, 'mira', { ...world.wanted, reason: 'Else.' }, 'mira-key-1')
    expect(await codeOf(reworded)).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  test('while one is under way names that one', async () => {
    const id = await world.request()
    const second = await world.post(path, 'zed', world.wanted)
    expect(second.status).toBe(409)
    expect(await second.json()).toMatchObject({ code: 'PROMOTION_UNDER_WAY', promotion: id })
  })

  test.each([
    ['an unknown version', { version: '404' }, 404, 'MODEL_NOT_FOUND'],
    ['a model without policy', { model: 'unknown' }, 422, 'NO_POLICY'],
    ['an environment without policy', { environment: 'staging' }, 422, 'NO_POLICY'],
    ['a model with two policies', { model: 'twice-over' }, 422, 'AMBIGUOUS_POLICY'],
    ['a model that nobody owns', { model: 'orphan-one' }, 422, 'NO_OWNER'],
    ['a seat that nobody else may fill', { model: 'lonely-one' }, 422, 'SEAT_UNFILLABLE'],
    ['a name with a path in it', { model: '../../etc/passwd' }, 422, 'MALFORMED'],
    ['a name that turns the text around', { model: 'ward\u202Egpj' }, 422, 'MALFORMED'],
    ['a name with a line feed', { model: 'ward\nx' }, 422, 'MALFORMED'],
    ['a name with a null character', { model: 'ward\u0000' }, 422, 'MALFORMED'],
    ['a name that is not normal', { model: 'warde\u0301' }, 422, 'MALFORMED'],
    ['a version that is a number', { version: 1 }, 422, 'MALFORMED'],
    ['names too long for one id', { model: 'ä'.repeat(128) }, 422, 'MALFORMED'],
    ['no reason', { reason: undefined }, 422, 'MALFORMED'],
    ['a reason of blanks', { reason: '   ' }, 422, 'MALFORMED'],
    ['a reason with control characters', { reason: 'ok\u001b[2J' }, 422, 'MALFORMED'],
    ['a field of its own', { tier: 'low' }, 422, 'MALFORMED'],
    ['a prototype', { __proto__: null, constructor: 1 }, 422, 'MALFORMED'],
  ])('for %s is refused', async (_, over, status, code) => {
    const response = await world.post(path, 'mira', { ...world.wanted, ...over })
    expect(await codeOf(response.clone())).toEqual({ status, code })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await (await world.get(path, 'eli')).json()).toEqual({ items: [], next: null })
  })

  test.each([
    ['no token', undefined, 401, 'NOT_AUTHENTICATED'],
    ['a forged token', 'forged', 401, 'NOT_AUTHENTICATED'],
    ['a token of another issuer', 'foreign/mira', 401, 'NOT_AUTHENTICATED'],
    ['a person whom the owners file does not know', 'mallory', 401, 'NOT_AUTHENTICATED'],
    ['a person without the scope', 'ana', 403, 'NOT_ALLOWED'],
    ['a token narrowed to something else', 'mira+audit', 403, 'NOT_ALLOWED'],
    ['a token that claims more than was granted', 'eli+request', 403, 'NOT_ALLOWED'],
    ['a token whose provider is gone', 'lost', 503, 'WORKER_UNAVAILABLE'],
  ])('with %s is refused', async (_, as, status, code) => {
    const asking = { body: world.wanted, key: 'some-key-1', ...(as !== undefined && { as }) }
    const response = await world.ask('POST', path, asking)
    expect(response.headers.has('www-authenticate')).toBe(status === 401)
    expect(await codeOf(response)).toEqual({ status, code })
  })

  test.each([
    ['without a key', { key: null }, 400, 'IDEMPOTENCY_KEY_MISSING'],
    ['with a key too short', { key: 'short' }, 400, 'MALFORMED'],
    ['with a body that is no JSON', { body: '{"model":' }, 400, 'MALFORMED'],
    ['with a body of 70 kB', { body: { pad: 'x'.repeat(70_000) } }, 413, 'PAYLOAD_TOO_LARGE'],
    [
      'as a form',
      { body: 'model=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['behind a proxy', { headers: { 'x-forwarded-for': '10.0.0.1' } }, 403, 'NOT_ALLOWED'],
    ['under a foreign host name', { headers: { host: 'evil.test' } }, 403, 'NOT_ALLOWED'],
  ])('%s is refused', async (_, over, status, code) => {
    const asking = { as: 'mira', key: 'some-key-1', body: world.wanted, ...over }
    expect(await codeOf(world.ask('POST', path, asking))).toEqual({ status, code })
    expect(world.fake.asked).toBe(0)
  })

  test('waits for a worker only so long, and the same key may be sent again', async () => {
    world.fake.isDown = true
    const first = await world.post(path, 'mira', world.wanted, 'mira-key-1')
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '5'])
    world.fake.isDown = false
    expect((await world.post(path, 'mira', world.wanted, 'mira-key-1')).status).toBe(201)
  })

  test('by a machine is for its sponsor, and both are shown', async () => {
    const id = await world.request({}, 'ci')
    expect(await world.detail(id, 'mira')).toMatchObject({
      requestedBy: { id: people.ci, name: 'Machine ci' },
      sponsor: { id: people.mira },
    })
  })

  test('under a policy without seats leads to the alias on checks alone', async () => {
    const id = await world.request({ model: 'ward-forecast' })
    expect(await world.detail(id)).toMatchObject({ state: 'promoted', seats: [], blockedBy: [] })
  })

  test('stores the reason salted, apart from the log', async () => {
    const id = await world.request()
    const events = JSON.stringify(await world.log.read(`promotion:${id}`))
    expect(events).not.toContain('better in every group')
    expect(events).not.toContain('Mira')
    expect(JSON.stringify(await world.detail(id))).toContain('better in every group')
  })
})

describe('without what it needs', () => {
  test('no governance set means no answer to anybody', async () => {
    const bare = await openWorld({ set: null })
    expect(await codeOf(bare.get(path, 'mira'))).toEqual({
      status: 503,
      code: 'GOVERNANCE_INVALID',
    })
    const ready = await bare.ask('GET', '/readyz')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({
      ready: false,
      parts: [
        { ready: true },
        { ready: true },
        { ready: true },
        { name: 'governance', ready: false },
      ],
    })
    bare.close()
  })

  test('a set that is not the one that was recorded counts for nothing', async () => {
    const lying = { ...governanceSet, sequence: 2 }
    const bare = await openWorld({ set: null })
    const text = JSON.stringify(governanceSet)
    const stored = await bare.log.putText({ salt: 'ab'.repeat(32), text })
    const body = { digest: lying.digest, sequence: lying.sequence, set: stored }
    await bare.log.append('governance', 0, [
      { type: 'governance-seen', at: '2026-11-22T20:29:00.000Z', person: null, body },
    ])
    await bare.readModel.passed('governance', 1, 2000)
    expect(await codeOf(bare.get(path, 'mira'))).toEqual({
      status: 503,
      code: 'GOVERNANCE_INVALID',
    })
    bare.close()
  })

  test('an unexpected error says nothing of itself', async () => {
    const open = async () => Promise.reject(new Error('the password is hunter2'))
    const start = async () => ({ kind: 'started' as const })
    const broken = await openWorld()
    const second = await openWorld({
      deps: { promotions: { ...broken.fake.port, start, open } },
    })
    const response = await second.post(path, 'mira', second.wanted)
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).toContain('INTERNAL')
    expect(text).not.toContain('hunter2')
    broken.close()
    second.close()
  })
})
