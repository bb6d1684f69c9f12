import { writeFileSync } from 'node:fs'
import type { z } from 'zod'
import type { rebuilt } from '../../api/schema/answers.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { usageFault } from '../failure.js'
import { promotionPath } from '../reports.js'
import type { Session } from '../session.js'

export interface EvidenceOptions {
  readonly out?: string
  readonly redacted?: boolean
  readonly history?: boolean
}

/** Downloads the evidence bundle, byte for byte as the server wrote it; never over a file that is there. */
export async function evidence(
  session: Session,
  id: string,
  options: EvidenceOptions,
): Promise<ExitCode> {
  const { out, redacted, history } = options
  const query = {
    redacted: redacted === true ? 'true' : undefined,
    history: history === true ? 'true' : undefined,
  }
  const bundle = await session.client().text(`${promotionPath(id)}/evidence`, query)
  if (out === undefined) {
    session.out.raw(bundle)
    return exitCodes.yes
  }
  try {
    writeFileSync(out, bundle, { flag: 'wx' })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw usageFault(`${out} cannot be written: ${why}`, 'name a file that is not there yet')
  }
  if (session.isJson) session.out.json({ file: out, bytes: Buffer.byteLength(bundle) })
  else session.out.line(out)
  return exitCodes.yes
}

/** Folds the read model anew from the log; not equal is a fault of ours that must be known. */
export async function rebuild(session: Session): Promise<ExitCode> {
  const told = await session.client().post<z.infer<typeof rebuilt>>('/v1/read-model/rebuild')
  if (session.isJson) session.out.json(told)
  else {
    session.out.line(
      `${told.events} events, ${told.promotions} promotions, ${told.aside} set aside`,
    )
    session.out.line(told.isEqual ? 'the same as before' : 'NOT the same as before')
  }
  return told.isEqual ? exitCodes.yes : exitCodes.verificationFailed
}
