import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client'
import { readPromotion } from '../../activities/streams.js'
import { promotionIdOf, signStatement, statementOf, updateIdOf } from '../../evidence/statement.js'
import {
  actName,
  openName,
  promoteModelType,
  promotionWorkflowId,
  taskQueue,
  type ActAnswer,
  type OpenAnswer,
} from '../../src/contract.js'
import { decisionDigests } from '../../src/domain/decision.js'
import { fold } from '../../src/domain/evolve.js'
import { actKey, type PromotionState } from '../../src/domain/promotion.js'
import type { Act, ActCommand, PromotionRequest } from '../../src/schema/statement.js'
import { digestOfJson, type Json } from '../../src/domain/canonical.js'
import type { promoteModel } from '../../workflows/promote-model.js'
import type { Reach } from './stack.js'

/** What somebody was told, and how many events of the promotion there were when they were told. */
export interface Acknowledged {
  readonly act: Act
  readonly person: string
  readonly nonce: string
  readonly nextSeq: number
}

type Unspoken = (state: PromotionState) => { readonly [key: string]: Json }

/** An answer, not an outage: sending it again would not help. */
class Refused extends Error {}

const hourMs = 3_600_000

export function inAnHour(): string {
  return new Date(Date.now() + hourMs).toISOString()
}

const oneCallMs = 5_000
const betweenMs = 100

/** One promotion as somebody outside drives it. `repeats`: how often a call had to be sent again. */
export interface PromotionClient {
  readonly promotion: string
  readonly handle: WorkflowHandle<typeof promoteModel>
  request(): Promise<Acknowledged>
  waive(check: string, finding: string, person: string): Promise<Acknowledged>
  signOff(seat: string, person: string): Promise<Acknowledged>
  state(): Promise<PromotionState>
  repeats(): number
}

/** One promotion as somebody outside drives it: whatever fails is sent again, with the same key. */
export function createClient(
  outside: Reach,
  model: string,
  requester: string,
  withinMs: number,
): PromotionClient {
  const { client, log, texts, installation, apiSigner } = outside
  const key = randomBytes(12).toString('hex')
  const promotion = promotionIdOf(installation, requester, key)
  const workflowId = promotionWorkflowId('production', model, '1') ?? ''
  const handle = client.workflow.getHandle<typeof promoteModel>(workflowId)
  let repeats = 0

  async function insist<T>(what: string, call: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + withinMs
    for (;;) {
      try {
        return await client.withDeadline(Date.now() + oneCallMs, call)
      } catch (error) {
        if (error instanceof Refused) throw error
        if (Date.now() > giveUpAt) throw new Error(`${what} never came through`, { cause: error })
        repeats += 1
        await delay(betweenMs)
      }
    }
  }

  const state = () => insist('reading', async () => fold(await readPromotion(log, promotion)))

  const signed = (act: Act, body: Json, person: string, nonce: string) =>
    signStatement(
      apiSigner,
      statementOf({
        installation,
        promotion,
        act,
        body,
        person,
        nonce,
        now: Date.now(),
        development: true,
      }),
    )

  const words = () => {
    const record = { salt: randomBytes(16).toString('hex'), text: 'it is needed' }
    return insist('the reason', () => texts.putText(record))
  }

  async function start(request: PromotionRequest): Promise<void> {
    try {
      await client.workflow.start(promoteModelType, {
        workflowId,
        taskQueue,
        args: [request],
        memo: { promotion },
        workflowIdConflictPolicy: 'FAIL',
      })
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }

  async function request(): Promise<Acknowledged> {
    const reason = await words()
    const body = { model, version: '1', environment: 'production', reason, sponsor: null }
    const said: PromotionRequest = { body, signed: signed('request', body, requester, key) }
    const updateId = updateIdOf(promotion, requester, key)
    return insist('the request', async () => {
      if ((await readPromotion(log, promotion)).length === 0) await start(said)
      const answer = await handle.executeUpdate<OpenAnswer, []>(openName, { updateId })
      if (answer.kind === 'refused') throw new Refused(`${answer.code}: ${answer.detail}`)
      return { act: 'request', person: requester, nonce: key, nextSeq: answer.nextSeq }
    })
  }

  async function act(name: ActCommand['act'], person: string, body: Unspoken) {
    const nonce = randomBytes(12).toString('hex')
    const whole = { ...body(await state()), reason: await words() }
    const said = { act: name, body: whole, signed: signed(name, whole, person, nonce) }
    const updateId = updateIdOf(promotion, person, nonce)
    return insist(`${name} of ${person}`, async () => {
      // Like the API: what the log holds already is answered from there, since the run may have closed.
      const before = await state()
      const past = before.acts[actKey(person, nonce)]
      if (past?.refusal) throw new Refused(past.refusal.code)
      const told = { act: name, person, nonce }
      if (past?.bodyDigest === digestOfJson(whole)) return { ...told, nextSeq: before.nextSeq }
      const answer = await handle.executeUpdate<ActAnswer, [unknown]>(actName, {
        args: [said],
        updateId,
      })
      if (answer.kind === 'refused') throw new Refused(`${answer.code}: ${answer.detail}`)
      return { ...told, nextSeq: answer.nextSeq }
    })
  }

  const signOff = (seat: string, person: string) =>
    act('sign-off', person, (now) => {
      const digest = decisionDigests(now, Date.now()).get(seat)?.digest
      if (digest === undefined) throw new Error(`seat ${seat} has no decision digest`)
      return { seat, decisionDigest: digest, verdict: 'approve', conditions: null }
    })

  const waive = (check: string, finding: string, person: string) =>
    act('waiver', person, ({ snapshot }) => ({
      check,
      finding,
      modelDigest: snapshot?.modelDigest ?? '',
      until: inAnHour(),
    }))

  return { promotion, handle, request, waive, signOff, state, repeats: () => repeats }
}
