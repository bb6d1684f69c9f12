import { randomBytes } from 'node:crypto'
import type { Signer } from '../../../evidence/dsse.js'
import {
  promotionIdOf,
  signStatement,
  statementOf,
  updateIdOf,
} from '../../../evidence/statement.js'
import {
  actName,
  openName,
  promoteModelType,
  promotionStream,
  promotionWorkflowId,
  taskQueue,
  type ActAnswer,
  type OpenAnswer,
} from '../../../src/contract.js'
import { decisionDigests } from '../../../src/domain/decision.js'
import { fold } from '../../../src/domain/evolve.js'
import { isEnded, type PromotionState } from '../../../src/domain/promotion.js'
import { readPromotion } from '../../../activities/streams.js'
import type { ActCommand } from '../../../src/schema/statement.js'
import { people, type House } from './house.js'

export interface Request {
  readonly model: string
  readonly version: string
  readonly environment?: string
  readonly person: string
  readonly sponsor?: string | null
  readonly key?: string
}

export function nonce(): string {
  return randomBytes(12).toString('hex')
}

async function words(house: House, text: string) {
  return house.texts.putText({ salt: randomBytes(16).toString('hex'), text })
}

/** The signed request of a promotion, as the API makes it, and where it belongs. */
export async function requestOf(house: House, asked: Request) {
  const { person, key = nonce(), model, version, environment = 'production' } = asked
  const promotion = promotionIdOf(house.installation.id, person, key)
  const reason = await words(house, 'a test asks for it')
  const body = { model, version, environment, reason, sponsor: asked.sponsor ?? null }
  const statement = statementOf({
    installation: house.installation.id,
    promotion,
    act: 'request',
    body,
    person,
    nonce: key,
    now: Date.now(),
    development: true,
  })
  const signed = signStatement(house.apiSigner, statement)
  const workflowId = promotionWorkflowId(environment, model, version) ?? ''
  return { promotion, workflowId, input: { body, signed } }
}

/** Starts a run of a promotion with any input under any id, as whoever reaches Temporal can. */
export async function startRun(
  house: House,
  workflowId: string,
  promotion: string,
  input: unknown,
) {
  const handle = await house.client.workflow.start(promoteModelType, {
    workflowId,
    taskQueue,
    args: [input],
    memo: { promotion },
    workflowIdConflictPolicy: 'FAIL',
  })
  const answer = await handle.executeUpdate<OpenAnswer, []>(openName)
  return { promotion, workflowId, handle, answer }
}

/** Requests a promotion as the API does, and waits until it was decided. */
export async function request(house: House, asked: Request) {
  const { promotion, workflowId, input } = await requestOf(house, asked)
  return startRun(house, workflowId, promotion, input)
}

/** A promotion as the log tells it. */
export async function stateOf(house: House, promotion: string): Promise<PromotionState> {
  return fold(await readPromotion(house.log, promotion))
}

/** Waits until the log tells what is asked for; says where it stands when that takes too long. */
export async function until(
  house: House,
  promotion: string,
  isSo: (state: PromotionState) => boolean,
  withinMs = 45_000,
): Promise<PromotionState> {
  const signal = AbortSignal.timeout(withinMs)
  const stream = promotionStream(promotion)
  let state = await stateOf(house, promotion)
  if (isSo(state)) return state
  try {
    for await (const event of house.log.follow(0, signal)) {
      if (event.leaf.stream !== stream) continue
      state = await stateOf(house, promotion)
      if (isSo(state)) return state
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  throw new Error(`still ${state.phase} after ${withinMs} ms: ${JSON.stringify(state.checks)}`)
}

type BodyOf<Act extends ActCommand['act']> = Extract<ActCommand, { act: Act }>['body']
/** A body whose reason is given in words. */
type Spoken<Act extends ActCommand['act']> = Omit<BodyOf<Act>, 'reason'>

/** A promotion that was asked for. */
export interface Asked {
  readonly promotion: string
  readonly workflowId: string
}

export interface Acting {
  readonly person: string
  readonly signer?: Signer
  readonly key?: string
}

/** The signed command of one act. */
export async function commandOf<Act extends ActCommand['act']>(
  house: House,
  promotion: string,
  act: Act,
  spoken: Spoken<Act>,
  { person, signer = house.apiSigner, key = nonce() }: Acting,
): Promise<ActCommand> {
  const body = { ...spoken, reason: await words(house, 'a test says so') }
  const statement = statementOf({
    installation: house.installation.id,
    promotion: promotion as `prm_${string}`,
    act,
    body,
    person,
    nonce: key,
    now: Date.now(),
    development: true,
  })
  return { act, body, signed: signStatement(signer, statement) } as unknown as ActCommand
}

/** Sends anything at all as an act. */
export async function sendRaw(
  house: House,
  workflowId: string,
  content: unknown,
  updateId: string = nonce(),
): Promise<ActAnswer> {
  return house.client.workflow
    .getHandle(workflowId)
    .executeUpdate<ActAnswer, [unknown]>(actName, { args: [content], updateId })
}

/** Sends an act under the update id that the API would choose. */
export async function send(
  house: House,
  workflowId: string,
  command: ActCommand,
): Promise<ActAnswer> {
  const { promotion, person, nonce: key } = command.signed.statement
  return sendRaw(house, workflowId, command, updateIdOf(promotion, person, key))
}

/** The same by Signal, as somebody does who has only Temporal's tools. Nobody hears an answer. */
export async function sendSignal(
  house: House,
  workflowId: string,
  command: unknown,
): Promise<void> {
  await house.client.workflow.getHandle(workflowId).signal(actName, command)
}

/** The decision digest of a seat, now. */
export async function digestFor(house: House, promotion: string, seat: string) {
  const digest = decisionDigests(await stateOf(house, promotion), Date.now()).get(seat)?.digest
  if (!digest) throw new Error(`seat ${seat} has no decision digest`)
  return digest
}

/** What somebody sends who approves or rejects at a seat, over what the log tells now. */
export async function signOffCommand(
  house: House,
  promotion: string,
  seat: string,
  acting: Acting,
  verdict: 'approve' | 'reject' = 'approve',
): Promise<ActCommand> {
  const decisionDigest = await digestFor(house, promotion, seat)
  const spoken = { seat, decisionDigest, verdict, conditions: null }
  return commandOf(house, promotion, 'sign-off', spoken, acting)
}

/** Approves or rejects at a seat. */
export async function signOff(
  house: House,
  { promotion, workflowId }: Asked,
  seat: string,
  acting: Acting,
  verdict: 'approve' | 'reject' = 'approve',
): Promise<ActAnswer> {
  const command = await signOffCommand(house, promotion, seat, acting, verdict)
  return send(house, workflowId, command)
}

/** Any other act, by whoever, as the API sends it. */
export async function perform<Act extends ActCommand['act']>(
  house: House,
  { promotion, workflowId }: Asked,
  act: Act,
  spoken: Spoken<Act>,
  acting: Acting,
): Promise<ActAnswer> {
  return send(house, workflowId, await commandOf(house, promotion, act, spoken, acting))
}

/** Waits until the promotion has ended, however it ended. */
export async function untilEnded(house: House, promotion: string): Promise<PromotionState> {
  return until(house, promotion, ({ phase }) => isEnded(phase))
}

/** Requests a promotion and waits until its seats are asked. */
export async function waiting(house: House, model: string, version = '1') {
  const asked = await request(house, { model, version, person: people.mira })
  await until(house, asked.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  return asked
}

/** How often each type of event is recorded of a promotion. */
export async function eventCounts(house: House, promotion: string) {
  const counts: Record<string, number> = {}
  for (const { type } of await readPromotion(house.log, promotion)) {
    counts[type] = (counts[type] ?? 0) + 1
  }
  return counts
}

/** How long a test polls for what should come soon: the machine may be busy. */
export const soon = { timeout: 20_000 }
