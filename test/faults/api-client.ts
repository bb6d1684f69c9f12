import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { readPromotion } from '../../activities/streams.js'
import { promotionIdOf } from '../../evidence/statement.js'
import { identitySecretPath } from '../../identity/secret-file.js'
import { requestDevelopmentToken } from '../../identity/token.js'
import { promotionWorkflowId } from '../../src/contract.js'
import { decisionDigests } from '../../src/domain/decision.js'
import { fold } from '../../src/domain/evolve.js'
import type { Act } from '../../src/schema/statement.js'
import type { promoteModel } from '../../workflows/promote-model.js'
import { people } from '../live/support/house.js'
import { inAnHour, type Acknowledged, type PromotionClient } from './client.js'
import type { Installed } from './stack.js'

const subjects = new Map<string, string>(Object.entries(people).map(([name, id]) => [id, name]))

/** Longer than the API takes to say that nobody answered. */
const oneCallMs = 15_000
const betweenMs = 100

const problem = z.looseObject({ code: z.string(), detail: z.string().optional() })

/** What the API says when somebody is away for the moment. Everything else is an answer. */
const away = new Set([502, 503, 504])

/** One promotion as people drive it over HTTP: whatever fails is sent again, with the same key. */
export function createApiClient(
  stack: Installed,
  model: string,
  withinMs: number,
): PromotionClient {
  const { outside, home, settings } = stack
  const { log, installation, client } = outside
  const origin = `http://localhost:${settings.COUNTERSIGN_PORT}`
  const key = randomBytes(12).toString('hex')
  const promotion = promotionIdOf(installation, people.mira, key)
  const workflowId = promotionWorkflowId('production', model, '1') ?? ''
  let repeats = 0

  async function tokenOf(person: string): Promise<string> {
    const issuer = `http://localhost:${settings.COUNTERSIGN_IDENTITY_PORT}`
    const secretFile = identitySecretPath(home)
    const asked = { issuer, secretFile, person: subjects.get(person) ?? person }
    return (await requestDevelopmentToken(asked)).accessToken
  }

  /** The answer, or null where it has to be sent again. */
  async function send(url: string, init: RequestInit): Promise<Response | null> {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(oneCallMs) })
      return away.has(response.status) ? null : response
    } catch {
      return null
    }
  }

  async function post(
    path: string,
    body: unknown,
    told: Omit<Acknowledged, 'nextSeq'>,
  ): Promise<Acknowledged> {
    const headers = {
      authorization: `Bearer ${await tokenOf(told.person)}`,
      'content-type': 'application/json',
      'idempotency-key': told.nonce,
    }
    const giveUpAt = Date.now() + withinMs
    for (;;) {
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await send(`${origin}${path}`, init)
      if (response?.ok) return { ...told, nextSeq: (await events()).length }
      if (response) {
        const { code, detail } = problem.parse(await response.json())
        throw new Error(`${told.act} was refused: ${code} ${detail}`)
      }
      if (Date.now() > giveUpAt) throw new Error(`${told.act} of ${told.person} never came through`)
      repeats += 1
      await delay(betweenMs)
    }
  }

  async function events() {
    for (;;) {
      try {
        return await readPromotion(log, promotion)
      } catch {
        await delay(betweenMs)
      }
    }
  }

  const state = async () => fold(await events())
  const telling = (act: Act, person: string) => ({
    act,
    person,
    nonce: randomBytes(12).toString('hex'),
  })
  const path = `/v1/promotions/${promotion}`
  const reason = 'it is needed'

  return {
    promotion,
    handle: client.workflow.getHandle<typeof promoteModel>(workflowId),
    request: () =>
      post(
        '/v1/promotions',
        { model, version: '1', reason },
        { act: 'request', person: people.mira, nonce: key },
      ),
    async waive(check, finding, person) {
      const modelDigest = (await state()).snapshot?.modelDigest
      const body = { check, finding, modelDigest, until: inAnHour(), reason }
      return post(`${path}/waivers`, body, telling('waiver', person))
    },
    async signOff(seat, person) {
      const decisionDigest = decisionDigests(await state(), Date.now()).get(seat)?.digest
      const body = { seat, decisionDigest, verdict: 'approve', reason }
      return post(`${path}/sign-offs`, body, telling('sign-off', person))
    },
    state,
    repeats: () => repeats,
  }
}
