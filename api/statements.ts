import { createHmac } from 'node:crypto'
import { signStatement, statementOf, textDigest } from '../evidence/statement.js'
import type { SaltedText } from '../recorder/event-log.js'
import { canonicalJson, digestOfJson, type Digest, type Json } from '../src/domain/canonical.js'
import type { PromotionId } from '../src/schema/ids.js'
import { promotionId } from '../src/schema/ids.js'
import type { Act, SignedStatement } from '../src/schema/statement.js'
import type { ApiDeps } from './deps.js'
import type { Caller } from './people.js'
import { HttpProblem } from './problem.js'
import type { ProofGiven } from './schema/requests.js'

/** One act of one caller, before it is signed. */
export interface Saying {
  readonly caller: Caller
  /** The Idempotency-Key: the nonce of the statement. */
  readonly key: string
  readonly promotion: PromotionId
  readonly act: Act
  readonly proof: ProofGiven
}

function mismatch(field: string, why: string): HttpProblem {
  const remedy = 'make the statement over exactly what you send, then sign it again'
  return new HttpProblem('SIGNATURE_INVALID', why, { field, remedy })
}

/** @throws HttpProblem `MALFORMED` where only a part of the proof was given */
export function assertWholeProof({ statement, signature, reasonSalt }: ProofGiven): void {
  const given = [statement, signature, reasonSalt].filter((part) => part !== undefined).length
  if (given === 0 || given === 3) return
  const why = 'statement, signature and reasonSalt belong together: send all three or none'
  throw new HttpProblem('MALFORMED', why, { field: 'statement' })
}

/**
 * The reason with its salt. The salt follows from person and key, so that a repeat stores and says the same; without
 * the key file nobody can guess a reason from its digest.
 */
export function saltedReason(
  deps: Pick<ApiDeps, 'saltKey'>,
  { caller, key, proof }: Pick<Saying, 'caller' | 'key' | 'proof'>,
  text: string,
): SaltedText & { readonly digest: Digest } {
  const ours = () =>
    createHmac('sha256', deps.saltKey)
      .update(canonicalJson(['reason', caller.id, key]))
      .digest('hex')
  const record = { salt: proof.reasonSalt ?? ours(), text }
  return { ...record, digest: textDigest(record) }
}

function checked(deps: ApiDeps, saying: Saying, body: Json): SignedStatement | null {
  const { statement, signature } = saying.proof
  if (!statement || !signature) return null
  const expected = {
    installation: deps.installation,
    promotion: saying.promotion,
    act: saying.act,
    person: saying.caller.id,
    nonce: saying.key,
    bodyDigest: digestOfJson(body),
  } as const
  for (const [field, value] of Object.entries(expected)) {
    const said = Object.entries(statement).find(([name]) => name === field)?.[1]
    if (said !== value) {
      throw mismatch(`statement.${field}`, `the statement's ${field} is not that of this request`)
    }
  }
  if ((statement.development ?? false) !== deps.development) {
    throw mismatch('statement.development', 'development must be true exactly in development')
  }
  const { development, ...rest } = statement
  return { statement: development ? { ...rest, development } : rest, signature }
}

/**
 * The statement of an act: the caller's own where they sent one that fits, else one that the API signs for them.
 * Whether the caller's signature is theirs is proven where it is recorded.
 *
 * @throws HttpProblem `SIGNATURE_INVALID` where the caller's statement says something else than the request
 */
export function signedSaying(deps: ApiDeps, saying: Saying, body: Json): SignedStatement {
  const own = checked(deps, saying, body)
  if (own) return own
  const { caller, key, promotion, act } = saying
  const statement = statementOf({
    installation: deps.installation,
    promotion,
    act,
    body,
    person: caller.id,
    nonce: key,
    now: deps.now(),
    development: deps.development,
  })
  return signStatement(deps.signer, statement)
}

/** Narrows an id that came from the log or a path. */
export function asPromotionId(id: string): PromotionId {
  return promotionId.parse(id)
}
