import { createInterface } from 'node:readline/promises'
import type { Acted } from '../../api/schema/answers.js'
import type { Detail } from '../../api/schema/views.js'
import type { Verdict } from '../../src/schema/statement.js'
import { askedSeat, assertTrue, showWhatIsSigned } from '../decision-proof.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { CommandFailure, usageFault } from '../failure.js'
import { ownKey, proofOf, signalLine, type OwnProof, type WhoAmI } from '../own-signature.js'
import { promotionPath, readDetail, readReports } from '../reports.js'
import type { Session } from '../session.js'
import { reasonOf, type ReasonOptions } from '../words.js'
import { tellActed } from './acts.js'

export interface SignOptions extends ReasonOptions {
  readonly seat: string
  readonly approve?: boolean
  readonly reject?: boolean
  readonly key?: string
  readonly statement?: boolean
  readonly yes?: boolean
}

function verdictOf({ approve, reject }: SignOptions): Verdict {
  if ((approve === true) === (reject === true)) throw usageFault('say --approve or --reject')
  return approve === true ? 'approve' : 'reject'
}

async function confirm(session: Session, options: SignOptions): Promise<void> {
  const { stdin, stderr } = session.world
  const isAsked = stdin.isTTY && stderr.isTTY === true && options.yes !== true
  if (!isAsked) return
  const lines = createInterface({ input: stdin, output: process.stderr })
  const answer = await lines.question('Sign this? [y/N] ')
  lines.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw usageFault('not signed')
}

/** A Signal carries the digest of the reason alone, so the words go to the server first. */
async function storeReason(
  session: Session,
  id: string,
  stored: { readonly reason: string; readonly reasonSalt: string },
): Promise<void> {
  try {
    await session.client().post(`${promotionPath(id)}/reasons`, stored)
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.problem?.status !== 404) throw error
    const remedy = 'sign without --statement: the same key, sent by way of the server'
    throw new CommandFailure(exitCodes.refused, 'this server keeps no reason for a Signal', {
      remedy,
    })
  }
}

async function giveSignal(
  session: Session,
  detail: Detail,
  reason: string,
  { command, salt }: OwnProof,
): Promise<ExitCode> {
  await storeReason(session, detail.id, { reason, reasonSalt: salt })
  const signal = signalLine(detail, command)
  if (session.isJson) session.out.json({ signal, command })
  else session.out.line(signal)
  session.err.line('good for ten minutes; it counts once the run has recorded it')
  return exitCodes.yes
}

/** Signs at a seat: with the server's proof of a token, with the person's own key, or as a Signal to be sent by hand. */
export async function sign(session: Session, id: string, options: SignOptions): Promise<ExitCode> {
  const verdict = verdictOf(options)
  const reason = reasonOf(options)
  const signer = options.key === undefined ? null : ownKey(options.key)
  if (options.statement === true && !signer) throw usageFault('--statement needs --key FILE')
  const client = session.client()
  const detail = await readDetail(client, id)
  const asked = askedSeat(detail, options.seat)
  assertTrue(detail, asked, await readReports(client, detail))
  showWhatIsSigned(session.err, detail, asked, verdict)
  await confirm(session, options)
  const { decisionDigest } = asked
  const said = { promotion: id, seat: options.seat, decisionDigest, verdict, reason }
  const you = signer && (await client.get<WhoAmI>('/v1/whoami'))
  const proof = signer && you && proofOf(signer, you, said, client.key)
  if (options.statement === true && proof) return giveSignal(session, detail, reason, proof)
  const { promotion, ...body } = said
  const acted = await client.post<Acted>(`${promotionPath(promotion)}/sign-offs`, {
    ...body,
    ...(proof && partsOf(proof)),
  })
  tellActed(session, acted)
  return exitCodes.yes
}

function partsOf({ command, salt }: OwnProof) {
  const { statement, signature } = command.signed
  return { statement, signature, reasonSalt: salt }
}
