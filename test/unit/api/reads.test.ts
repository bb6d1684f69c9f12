import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseBundle, verifyBundleShape } from '../../../evidence/read-bundle.js'
import { isoOf } from '../../../src/domain/time.js'
import { people } from './governance-set.js'
import { openWorld, startedAt, type World } from './world.js'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

interface Page {
  readonly items: readonly { readonly id: string; readonly version: string }[]
  readonly next: string | null
}

const list = async (query: string, as = 'eli') =>
  (await (await world.get(`/v1/promotions${query}`, as)).json()) as Page

describe('the list', () => {
  test('holds only what the caller may see', async () => {
    await world.request()
    const seen = await Promise.all(
      ['mira', 'ana', 'bo', 'eli', 'zed', 'ci'].map((as) => list('', as)),
    )
    expect(seen.map(({ items }) => items.length)).toEqual([1, 1, 1, 1, 0, 0])
  })

  test('is paged by cursor, newest first, and a page stays the same while more arrive', async () => {
    for (const version of ['1', '2', '3', '4', '5']) await world.request({ version })
    const first = await list('?limit=2')
    expect(first.items.map(({ version }) => version)).toEqual(['5', '4'])
    await world.request({ version: '6' })
    const second = await list(`?limit=2&cursor=${first.next}`)
    expect(second.items.map(({ version }) => version)).toEqual(['3', '2'])
    const third = await list(`?limit=2&cursor=${second.next}`)
    expect([third.items.length, third.next]).toEqual([1, null])
  })

  test.each([
    ['?version=2', ['2']],
    ['?model=ward-forecast', ['9']],
    ['?model=nothing', []],
    ['?state=promoted', ['9']],
    ['?waitingOn=safety', ['2', '1']],
    ['?waitingOn=platform', []],
    [`?requestedBy=${people.zed}`, ['2']],
    ['?environment=staging', []],
    [`?since=${isoOf(startedAt + 1)}`, ['9', '2']],
    [`?until=${isoOf(startedAt + 1)}`, ['1']],
    [`?model=diabetes-risk&requestedBy=${people.mira}`, ['1']],
  ])('filters %s', async (query, versions) => {
    await world.request({ version: '1' })
    world.clock.now += 1000
    await world.request({ version: '2' }, 'zed')
    await world.request({ model: 'ward-forecast', version: '9' })
    expect((await list(query)).items.map(({ version }) => version)).toEqual(versions)
  })

  test.each([
    '?cursor=%21',
    '?cursor=eHg',
    '?limit=0',
    '?limit=101',
    '?state=none',
    '?who=me',
    '?since=now',
  ])('refuses %s', async (query) => {
    const response = await world.get(`/v1/promotions${query}`, 'eli')
    expect([response.status, await response.json()]).toMatchObject([422, { code: 'MALFORMED' }])
  })
})

describe('one promotion', () => {
  test.each([
    ['', 200],
    ['/evidence', 200],
    ['/history', 200],
    ['/checks/scan', 200],
    ['/checks/evaluation', 404],
    ['/checks/nonsense', 404],
  ])('%s is there for whoever may see it, and for nobody else', async (part, status) => {
    const id = await world.request()
    expect((await world.get(`/v1/promotions/${id}${part}`, 'ana')).status).toBe(status)
    const stranger = await world.get(`/v1/promotions/${id}${part}`, 'zed')
    const nothing = await world.get(`/v1/promotions/prm_${'0'.repeat(32)}${part}`, 'ana')
    expect([stranger.status, nothing.status]).toEqual([404, 404])
    expect((await world.ask('GET', `/v1/promotions/${id}${part}`)).status).toBe(401)
  })

  test.each(['prm_x', '..', '%00', `prm_${'A'.repeat(32)}`])('%s is no id', async (id) => {
    expect((await world.get(`/v1/promotions/${id}/evidence`, 'ana')).status).toBe(404)
  })

  test('names the seats, who may fill them, and what they would sign over', async () => {
    const id = await world.request()
    const detail = await world.detail(id, 'ana')
    expect(detail).toMatchObject({
      state: 'awaiting-sign-off',
      tier: 'high',
      snapshot: { files: 1 },
      checks: [{ name: 'scan', outcome: 'passed' }],
      seats: [
        { id: 'model-risk', yours: true, waitingFor: [{ teams: ['model-risk'], signOffs: 1 }] },
        { id: 'safety', yours: false, filledBy: [] },
      ],
      deadlines: [{ clock: 'decide', at: isoOf(startedAt + 14 * 86_400_000) }],
      blockedBy: [{ who: ['model-risk'] }, { who: ['safety'] }],
      decisions: [{ act: 'request', reason: { state: 'present' } }],
    })
  })

  test('says erased where a reason was erased', async () => {
    const id = await world.request()
    const { decisions } = await world.detail(id)
    const [request] = decisions as unknown as { reason: { digest: `sha256:${string}` } }[]
    const digest = request?.reason.digest ?? `sha256:none`
    await world.log.eraseText(digest)
    const after = await world.detail(id)
    expect(after.decisions[0]).toMatchObject({ reason: { digest, text: null, state: 'erased' } })
  })

  test('gives the whole canonical result of a check', async () => {
    world.fake.scan = 'failed'
    const id = await world.request()
    const response = await world.get(`/v1/promotions/${id}/checks/scan`, 'mira')
    expect(await response.json()).toMatchObject({
      check: { outcome: 'failed', findings: [{ id: 'scan/format:model.joblib', waived: false }] },
      result: { findings: [{ what: 'a pickle', remedy: 'export it as ONNX' }] },
    })
  })

  test('is told event by event, from where the caller was', async () => {
    const id = await world.request({ model: 'ward-forecast' })
    const path = `/v1/promotions/${id}/events`
    const all = await (await world.get(path, 'mira')).text()
    const ids = [...all.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq))
    expect(ids).toEqual(ids.map((_, at) => at))
    expect(all).toContain('event: promoted')
    const headers = { 'last-event-id': String(ids.length - 2) }
    const rest = await (await world.ask('GET', path, { as: 'mira', headers })).text()
    expect([...rest.matchAll(/^id: /gm)]).toHaveLength(1)
    const bad = await world.ask('GET', path, { as: 'mira', headers: { 'last-event-id': 'x' } })
    expect(bad.status).toBe(400)
    expect((await world.get(path, 'zed')).status).toBe(404)
  })

  test('is followed while it goes on', async () => {
    const id = await world.request()
    const response = await world.get(`/v1/promotions/${id}/events`, 'mira')
    const told = response.text()
    await world.sign(id, 'ana', 'model-risk', { verdict: 'reject' })
    expect(await told).toContain('event: rejected')
  })
})

describe('the evidence bundle', () => {
  test('is the same bytes each time, agrees with itself, and names who signed', async () => {
    const id = await world.request()
    await world.sign(id, 'ana', 'model-risk')
    await world.sign(id, 'bo', 'safety')
    const read = async (query = '') =>
      (await world.get(`/v1/promotions/${id}/evidence${query}`, 'eli')).text()
    const text = await read()
    expect(await read()).toBe(text)
    expect(verifyBundleShape(text)).toEqual([])
    const bundle = parseBundle(text)
    expect(bundle.events.map(({ leaf }) => leaf.type)).toEqual(
      expect.arrayContaining(['requested', 'signed-off', 'promoted', 'alias-moved']),
    )
    expect(bundle.texts).toHaveLength(3)
    expect(bundle.keys.map(({ keyid }) => keyid)).toEqual([world.api.keyid])
    expect(bundle.evidence.map(({ role }) => role).toSorted()).toEqual(['attestation', 'result'])
  })

  test('redacted holds no word that a person wrote, and still agrees with itself', async () => {
    const id = await world.request()
    const text = await (
      await world.get(`/v1/promotions/${id}/evidence?redacted=true&history=true`, 'eli')
    ).text()
    expect(text).not.toContain('better in every group')
    expect(text).toContain('"eventId":"1"')
    expect(verifyBundleShape(text)).toEqual([])
  })
})

describe('why', () => {
  const path = '/v1/models/ward-forecast/environments/production'

  test('tells what is live, who asked and what was checked', async () => {
    const promotion = await world.request({ model: 'ward-forecast', version: '7' })
    world.clock.now += 5000
    expect(await (await world.get(path, 'ana')).json()).toMatchObject({
      live: { version: '7', promotion },
      observation: { version: '7', ageMs: 5000, diverged: false },
      diverged: false,
      trail: {
        requestedBy: { name: 'Mira Castellan' },
        reason: { text: 'It is better in every group.' },
        checks: [{ name: 'scan', summary: 'scan passed' }],
        trainingRun: { id: 'run-1' },
      },
    })
  })

  test('says that the alias points where no promotion put it', async () => {
    await world.request({ model: 'ward-forecast', version: '7' })
    const at = isoOf(startedAt + 1000)
    await world.log.putNote('observed:alias:production:ward-forecast', { version: '3', at })
    world.clock.now += 2000
    expect(await (await world.get(path, 'mira')).json()).toMatchObject({
      live: { version: '7' },
      observation: { version: '3', ageMs: 1000, diverged: true },
      diverged: true,
    })
  })

  test.each([
    ['a stranger', path, 'zed'],
    ['a model that nobody knows', '/v1/models/ward-none/environments/production', 'ana'],
    ['a hostile name', '/v1/models/..%2f..%2fetc/environments/production', 'eli'],
    ['a hostile environment', '/v1/models/ward-forecast/environments/PROD', 'eli'],
  ])('is not there for %s', async (_, place, as) => {
    await world.request({ model: 'ward-forecast', version: '7' })
    expect((await world.get(place, as)).status).toBe(404)
  })
})

describe('the inbox', () => {
  const inbox = async (as: string) =>
    (
      (await (await world.get('/v1/inbox', as)).json()) as {
        items: { task: string; seat: string }[]
      }
    ).items

  test('holds only what waits for the caller', async () => {
    const id = await world.request()
    expect(await inbox('ana')).toMatchObject([
      { task: 'sign-off', seat: 'model-risk', promotion: id },
    ])
    expect(await inbox('bo')).toMatchObject([{ seat: 'safety' }])
    expect(await inbox('mira')).toEqual([])
    await world.sign(id, 'ana', 'model-risk')
    expect(await inbox('ana')).toEqual([])
    expect(await inbox('chi')).toEqual([])
  })

  test('tells whoever asked that something is to be mended, and reviewers that they may', async () => {
    world.fake.scan = 'failed'
    await world.request()
    expect(await inbox('mira')).toMatchObject([{ task: 'mend' }])
    expect(await inbox('ana')).toMatchObject([{ task: 'review' }])
    expect(await inbox('bo')).toEqual([])
  })

  test('lists the oldest deadline first', async () => {
    await world.request({ version: '1' })
    world.clock.now += 1000
    await world.request({ version: '2' })
    expect(await inbox('ana')).toMatchObject([{ version: '1' }, { version: '2' }])
  })
})
