import type { PromotionEvent } from '../schema/event.js'
import type { ActCommand, Statement } from '../schema/statement.js'
import { digestOfJson } from './canonical.js'
import type { Decision } from './decide.js'
import { actKey, type PromotionState } from './promotion.js'
import { isoOf, msOf } from './time.js'

const skewMs = 5 * 60_000
const longestStatementMs = 24 * 3_600_000

export function refuse(code: string, detail: string, changes?: readonly string[]): Decision {
  return { kind: 'refused', code, detail: detail.slice(0, 500), ...(changes && { changes }) }
}

function placeFault(
  said: Statement,
  here: { readonly installation: string; readonly promotion: string },
): Decision | null {
  if (said.installation === here.installation && said.promotion === here.promotion) return null
  const detail = `the statement is about promotion ${said.promotion} of ${said.installation}, not ${here.promotion} of ${here.installation}`
  return refuse('SIGNATURE_INVALID', detail)
}

function hourFault(said: Statement, at: number): Decision | null {
  const [issued, notAfter] = [msOf(said.issued), msOf(said.notAfter)]
  const isGood = issued <= at + skewMs && notAfter > at && notAfter - issued <= longestStatementMs
  if (isGood) return null
  const hours = `from ${said.issued} to ${said.notAfter}`
  return refuse(
    'STATEMENT_EXPIRED',
    `the statement is good ${hours}, at most a day, and it is ${isoOf(at)}`,
  )
}

/** Why a statement does not belong to this command, this promotion or this hour; null where it does. */
export function statementFault(
  state: PromotionState,
  command: ActCommand,
  at: number,
): Decision | null {
  const said = command.signed.statement
  const misplaced = placeFault(said, state)
  if (misplaced) return misplaced
  if (said.act !== command.act || said.bodyDigest !== digestOfJson(command.body)) {
    return refuse('SIGNATURE_INVALID', 'the statement was made over another act or body')
  }
  const past = state.acts[actKey(said.person, said.nonce)]
  if (!past) return hourFault(said, at)
  const isSame = past.act === said.act && past.bodyDigest === said.bodyDigest
  return isSame
    ? { kind: 'repeat', refusal: past.refusal }
    : refuse(
        'STATEMENT_REUSED',
        `nonce ${said.nonce} was used for another act; use a new Idempotency-Key`,
      )
}

type RequestedBody = Extract<PromotionEvent, { type: 'requested' }>['body']

/** Why the statement of a request does not stand behind it; null where it does. */
export function requestFault(request: RequestedBody, at: number): Decision | null {
  const said = request.signed.statement
  const misplaced = placeFault(said, request)
  if (misplaced) return misplaced
  const { model, version, environment, reason, sponsor, requester } = request
  const bodyDigest = digestOfJson({ model, version, environment, reason, sponsor })
  if (said.act !== 'request' || said.bodyDigest !== bodyDigest || said.person !== requester) {
    return refuse(
      'SIGNATURE_INVALID',
      'the statement was made by another person or over another request',
    )
  }
  return hourFault(said, at)
}
