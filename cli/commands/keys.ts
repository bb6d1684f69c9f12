import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { keyFingerprint } from '../../evidence/dsse.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { usageFault } from '../failure.js'
import type { Session } from '../session.js'
import { developmentToken } from '../session.js'

function writeOnce(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw usageFault(
      `${path} cannot be written: ${why}`,
      'a key is never written over: name another file',
    )
  }
}

/** Makes a key of the person's own, for sign-offs of level `signed`. */
export function newKey(session: Session, options: { readonly out: string }): ExitCode {
  const { out } = options
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  writeOnce(out, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600)
  writeOnce(`${out}.pub`, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644)
  const keyid = `person:${keyFingerprint(publicKey)}`
  if (session.isJson) session.out.json({ privateKey: out, publicKey: `${out}.pub`, keyid })
  else session.out.line(keyid)
  session.err.line(`private, keep it: ${out}`)
  session.err.line(
    `public, for keys/ of the governance set and your entry in owners.yaml: ${out}.pub`,
  )
  return exitCodes.yes
}

/** Prints a bearer token of the development provider. */
export async function token(session: Session, person: string | undefined): Promise<ExitCode> {
  if (person === undefined) throw usageFault('say --as PERSON')
  const value = await developmentToken(session.config(), person)
  if (session.isJson) session.out.json({ token: value })
  else session.out.raw(`${value}\n`)
  return exitCodes.yes
}
