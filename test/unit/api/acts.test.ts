import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signStatement, statementOf, textDigest } from '../../../evidence/statement.js'
import { isoOf } from '../../../src/domain/time.js'
import { people } from './governance-set.js'
import { installation, openWorld, startedAt, type World } from './world.js'

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

describe('a sign-off', () => {
  test('counts, and the answer says what is still missing', async () => {
    const id = await world.request()
    const first = await world.sign(id, 'ana', 'model-risk')
    expect(first.status).toBe(200)
    expect(await first.json()).toMatchObject({
      promotion: id,
      state: 'awaiting-sign-off',
      blockedBy: [{ who: ['safety'] }],
    })
    const second = await world.sign(id, 'bo', 'safety')
    expect(await second.json()).toEqual({ promotion: id, state: 'promoted', blockedBy: [] })
  })

  test.each([
    ['the requester, who has no scope to sign', 'mira', 'model-risk', 403, 'NOT_ALLOWED'],
    ['a machine', 'ci', 'model-risk', 404, 'NOT_FOUND'],
    ['somebody without any relation', 'zed', 'model-risk', 404, 'NOT_FOUND'],
    ['somebody of another seat', 'bo', 'model-risk', 403, 'NOT_ELIGIBLE'],
    ['a token narrowed to reading', 'ana+audit', 'model-risk', 403, 'NOT_ALLOWED'],
    ['an unknown seat', 'ana', 'finance', 404, 'SEAT_UNKNOWN'],
  ])('is refused to %s', async (_, as, seat, status, code) => {
    const id = await world.request()
    expect(
      await codeOf(world.sign(id, as, seat, { decisionDigest: `sha256:${'0'.repeat(64)}` })),
    ).toEqual({ status, code })
    expect((await world.detail(id)).state).toBe('awaiting-sign-off')
  })

  test('a machine that may see the promotion still never signs', async () => {
    const id = await world.request({}, 'ci')
    expect(
      await codeOf(
        world.sign(id, 'ci', 'model-risk', { decisionDigest: `sha256:${'0'.repeat(64)}` }),
      ),
    ).toEqual({
      status: 403,
      code: 'NOT_ALLOWED',
    })
  })

  test('over what is out of date is refused, and says what changed, also when it is sent again', async () => {
    const id = await world.request()
    const stale = { decisionDigest: `sha256:${'0'.repeat(64)}` }
    for (let i = 0; i < 2; i += 1) {
      const response = await world.sign(id, 'ana', 'model-risk', stale, 'stale-key-1')
      expect(response.status).toBe(409)
      expect(await response.json()).toMatchObject({
        code: 'DIGEST_OUT_OF_DATE',
        changes: ['this decision digest was never asked for'],
      })
    }
    expect(await world.detail(id)).toMatchObject({ refusals: { count: 1 } })
  })

  test('sent again is the same sign-off, also after the promotion has ended', async () => {
    const id = await world.request()
    const decisionDigest = await world.digestOfSeat(id, 'model-risk')
    const say = () => world.sign(id, 'ana', 'model-risk', { decisionDigest }, 'ana-key-1')
    expect((await say()).status).toBe(200)
    const asked = world.fake.asked
    expect((await say()).status).toBe(200)
    expect(world.fake.asked).toBe(asked)
    await world.sign(id, 'bo', 'safety')
    expect(await (await say()).json()).toMatchObject({ state: 'promoted' })
    expect((await world.detail(id)).decisions.filter(({ act }) => act === 'sign-off')).toHaveLength(
      2,
    )
  })

  test('under a key that was used for something else is refused', async () => {
    const id = await world.request()
    await world.sign(id, 'ana', 'model-risk', {}, 'ana-key-1')
    const other = world.sign(id, 'ana', 'model-risk', { verdict: 'reject' }, 'ana-key-1')
    expect(await codeOf(other)).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    const cancel = world.post(`/v1/promotions/${id}/cancel`, 'ana', { reason: 'no' }, 'ana-key-1')
    expect(await codeOf(cancel)).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  test('on a promotion that has ended is refused', async () => {
    const id = await world.request()
    const stale = await world.digestOfSeat(id, 'safety')
    await world.sign(id, 'ana', 'model-risk', { verdict: 'reject' })
    const late = world.sign(id, 'bo', 'safety', { decisionDigest: stale })
    expect(await codeOf(late)).toEqual({ status: 409, code: 'WRONG_STATE' })
  })

  test('waits for a worker only so long, and can be sent again with the same key', async () => {
    const id = await world.request()
    world.fake.isDown = true
    const first = await world.sign(id, 'ana', 'model-risk', {}, 'ana-key-1')
    expect(first.headers.get('retry-after')).toBe('5')
    expect(await codeOf(first)).toEqual({ status: 503, code: 'WORKER_UNAVAILABLE' })
    world.fake.isDown = false
    expect((await world.sign(id, 'ana', 'model-risk', {}, 'ana-key-1')).status).toBe(200)
  })
})

describe("a sign-off with the owner's own key", () => {
  const reason = 'I looked at every group.'
  const salt = 'cd'.repeat(32)

  const say = async (id: string, over: object = {}, bodyOver: object = {}) => {
    const decisionDigest = await world.digestOfSeat(id, 'safety')
    const body = {
      seat: 'safety',
      decisionDigest,
      verdict: 'approve',
      reason: textDigest({ salt, text: reason }),
      conditions: null,
    }
    const statement = statementOf({
      installation,
      promotion: id as `prm_${string}`,
      act: 'sign-off',
      body,
      person: people.bo,
      nonce: 'bo-key-0001',
      now: startedAt,
      development: true,
      ...over,
    })
    const { signature } = signStatement(world.bo, statement)
    const sent = { seat: 'safety', decisionDigest, verdict: 'approve', reason, ...bodyOver }
    const proof = { statement, signature, reasonSalt: salt, ...bodyOver }
    return world.post(`/v1/promotions/${id}/sign-offs`, 'bo', { ...sent, ...proof }, 'bo-key-0001')
  }

  test('is recorded at level signed', async () => {
    const id = await world.request()
    expect((await say(id)).status).toBe(200)
    expect((await world.detail(id)).seats[1]).toMatchObject({
      id: 'safety',
      filledBy: [{ person: { id: people.bo }, level: 'signed' }],
    })
  })

  test.each([
    ['says approve where the request says reject', {}, { verdict: 'reject' }, 'SIGNATURE_INVALID'],
    ['gives another reason', {}, { reason: 'Another one.' }, 'SIGNATURE_INVALID'],
    ['is of another person', { person: people.ana }, {}, 'SIGNATURE_INVALID'],
    ['has another nonce', { nonce: 'another-one' }, {}, 'SIGNATURE_INVALID'],
    ['is of another installation', { installation: 'ins_other001' }, {}, 'SIGNATURE_INVALID'],
    ['does not say that it is development', { development: false }, {}, 'SIGNATURE_INVALID'],
    ['comes without its salt', {}, { reasonSalt: undefined }, 'MALFORMED'],
  ])('is refused where the statement %s', async (_, over, bodyOver, code) => {
    const id = await world.request()
    const asked = world.fake.asked
    expect(await codeOf(say(id, over, bodyOver))).toEqual({ status: 422, code })
    expect(world.fake.asked).toBe(asked)
  })
})

describe('the other acts', () => {
  test('whoever asked may cancel, with a reason, and the end is recorded', async () => {
    const id = await world.request()
    const response = await world.post(`/v1/promotions/${id}/cancel`, 'mira', {
      reason: 'Too early.',
    })
    expect(await response.json()).toMatchObject({ state: 'cancelled' })
    expect((await world.detail(id)).decisions.at(-1)).toMatchObject({
      act: 'cancel',
      person: { id: people.mira, name: 'Mira Castellan' },
      reason: { text: 'Too early.', state: 'present' },
    })
  })

  test('a seat alone gives no right to cancel', async () => {
    const id = await world.request()
    const response = world.post(`/v1/promotions/${id}/cancel`, 'bo', { reason: 'Stop.' })
    expect(await codeOf(response)).toEqual({ status: 403, code: 'NOT_ALLOWED' })
  })

  test('a machine may not cancel what it asked for', async () => {
    const id = await world.request({}, 'ci')
    const response = world.post(`/v1/promotions/${id}/cancel`, 'ci', { reason: 'Stop.' })
    expect(await codeOf(response)).toEqual({ status: 403, code: 'NOT_ALLOWED' })
  })

  test('a sign-off can be taken back by whoever gave it, and by nobody else', async () => {
    const id = await world.request()
    await world.sign(id, 'ana', 'model-risk')
    const path = `/v1/promotions/${id}/withdrawals`
    const other = world.post(path, 'chi', { seat: 'model-risk', reason: 'Wait.' })
    expect(await codeOf(other)).toEqual({ status: 404, code: 'NOT_FOUND' })
    expect((await world.post(path, 'ana', { seat: 'model-risk', reason: 'Wait.' })).status).toBe(
      200,
    )
    expect((await world.detail(id)).seats[0]).toMatchObject({ filledBy: [] })
  })

  test('a finding is waived for a time by a team that may, and the promotion goes on', async () => {
    world.fake.scan = 'failed'
    const id = await world.request()
    expect((await world.detail(id)).state).toBe('blocked')
    const waiver = {
      check: 'scan',
      finding: 'scan/format:model.joblib',
      modelDigest: `sha256:${'a'.repeat(64)}`,
      until: isoOf(startedAt + 86_400_000),
      reason: 'It is opened nowhere.',
    }
    const path = `/v1/promotions/${id}/waivers`
    const far = { ...waiver, until: isoOf(startedAt + 90 * 86_400_000) }
    expect(await codeOf(world.post(path, 'ana', far))).toEqual({ status: 422, code: 'MALFORMED' })
    expect(await codeOf(world.post(path, 'bo', waiver))).toEqual({
      status: 403,
      code: 'NOT_ELIGIBLE',
    })
    const good = await world.post(path, 'ana', waiver)
    expect(await good.json()).toMatchObject({ state: 'awaiting-sign-off' })
  })

  test('an inconclusive check is accepted by its result', async () => {
    world.fake.scan = 'inconclusive'
    const id = await world.request()
    const report = await (await world.get(`/v1/promotions/${id}/checks/scan`, 'ana')).json()
    const { resultDigest } = (report as { check: { resultDigest: string } }).check
    const body = { check: 'scan', resultDigest, until: isoOf(startedAt + 1000), reason: 'Enough.' }
    const response = await world.post(`/v1/promotions/${id}/acceptances`, 'chi', body)
    expect(await response.json()).toMatchObject({ state: 'awaiting-sign-off' })
  })

  test('a check is run again, as often as the policy allows', async () => {
    world.fake.scan = 'error'
    const id = await world.request()
    const rerun = () =>
      world.post(`/v1/promotions/${id}/checks/scan/rerun`, 'mira', { reason: 'Again.' })
    world.fake.scan = 'passed'
    expect(await (await rerun()).json()).toMatchObject({ state: 'awaiting-sign-off' })
    expect(await codeOf(rerun())).toEqual({ status: 409, code: 'LIMIT_REACHED' })
    const unknown = world.post(`/v1/promotions/${id}/checks/taste/rerun`, 'mira', { reason: 'x' })
    expect(await codeOf(unknown)).toEqual({ status: 404, code: 'NOT_FOUND' })
  })
})

describe('every act', () => {
  const acts = ['sign-offs', 'waivers', 'acceptances', 'withdrawals', 'cancel', 'checks/scan/rerun']

  test.each(acts)('%s is refused without a token, a key, or a relation', async (name) => {
    const id = await world.request()
    const path = `/v1/promotions/${id}/${name}`
    const digest = `sha256:${'0'.repeat(64)}`
    const bodies: Record<string, object> = {
      'sign-offs': { seat: 'safety', decisionDigest: digest, verdict: 'approve' },
      waivers: { check: 'scan', finding: 'x', modelDigest: digest, until: isoOf(startedAt) },
      acceptances: { check: 'scan', resultDigest: digest, until: isoOf(startedAt) },
      withdrawals: { seat: 'safety' },
    }
    const body = { ...bodies[name], reason: 'Because.' }
    expect(await codeOf(world.ask('POST', path, { body, key: 'key-00000' }))).toEqual({
      status: 401,
      code: 'NOT_AUTHENTICATED',
    })
    expect(await codeOf(world.post(path, 'ana', body, null))).toEqual({
      status: 400,
      code: 'IDEMPOTENCY_KEY_MISSING',
    })
    expect(await codeOf(world.post(path, 'ana', body, 'short'))).toEqual({
      status: 400,
      code: 'MALFORMED',
    })
    expect(await codeOf(world.post(path, 'zed', body))).toEqual({ status: 404, code: 'NOT_FOUND' })
    expect(await codeOf(world.post(path, 'ana', { ...body, by: 'ana' }))).toEqual({
      status: 422,
      code: 'MALFORMED',
    })
    expect(await codeOf(world.post(path, 'ana', { ...body, reason: '' }))).toEqual({
      status: 422,
      code: 'MALFORMED',
    })
    expect(await codeOf(world.post(path, 'ana', '{'))).toEqual({ status: 400, code: 'MALFORMED' })
    const text = {
      as: 'ana',
      key: 'key-00000',
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    }
    expect(await codeOf(world.ask('POST', path, text))).toEqual({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    })
    const large = { ...body, reason: 'x'.repeat(70_000) }
    expect(await codeOf(world.post(path, 'ana', large))).toEqual({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    })
    expect((await world.detail(id)).state).toBe('awaiting-sign-off')
  })
})
