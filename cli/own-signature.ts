import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import type { whoami } from '../api/schema/answers.js'
import { signerFromPem, type Signer } from '../evidence/dsse.js'
import { signStatement, statementOf, textDigest } from '../evidence/statement.js'
import { assertPrivate } from '../identity/secret-file.js'
import { actName, promotionWorkflowId } from '../src/contract.js'
import { digest, installationId, promotionId } from '../src/schema/ids.js'
import type { ActCommand, Verdict } from '../src/schema/statement.js'
import { usageFault } from './failure.js'

export type WhoAmI = z.infer<typeof whoami>

export interface Said {
  readonly promotion: string
  readonly seat: string
  readonly decisionDigest: string
  readonly verdict: Verdict
  readonly reason: string
}

/** A sign-off with the statement that the person's own key signed, and the salt of its reason. */
export interface OwnProof {
  readonly command: Extract<ActCommand, { act: 'sign-off' }>
  readonly salt: string
}

/** The person's own key. @throws CommandFailure usage; PromotionError `CONFIG_INVALID` where others could read it */
export function ownKey(path: string): Signer {
  try {
    assertPrivate(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw usageFault(`there is no key at ${path}`, 'countersign keys new --out FILE')
    }
    throw error
  }
  try {
    return signerFromPem('person', readFileSync(path, 'utf8'))
  } catch {
    throw usageFault(
      `${path} is not a private key in PEM (PKCS8)`,
      'countersign keys new --out FILE',
    )
  }
}

/** Makes and signs the statement of a sign-off. */
export function proofOf(signer: Signer, you: WhoAmI, said: Said, nonce: string): OwnProof {
  const salt = randomBytes(16).toString('hex')
  const { seat, verdict } = said
  const decisionDigest = digest.parse(said.decisionDigest)
  const reason = textDigest({ salt, text: said.reason })
  const body = { seat, decisionDigest, verdict, reason, conditions: null }
  const statement = statementOf({
    installation: installationId.parse(you.installation),
    promotion: promotionId.parse(said.promotion),
    act: 'sign-off',
    body,
    person: you.id,
    nonce,
    now: Date.now(),
    development: you.development,
  })
  return { command: { act: 'sign-off', body, signed: signStatement(signer, statement) }, salt }
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Temporal's own command line that carries the same act, for whoever has only that. */
export function signalLine(
  place: { readonly environment: string; readonly model: string; readonly version: string },
  command: ActCommand,
): string {
  const id = promotionWorkflowId(place.environment, place.model, place.version) ?? ''
  const input = quoted(JSON.stringify(command))
  return `temporal workflow signal --workflow-id ${quoted(id)} --name ${actName} --input ${input}`
}
