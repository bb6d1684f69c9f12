import { readFileSync } from 'node:fs'
import { reasonText } from '../src/schema/ids.js'
import { usageFault } from './failure.js'

export interface ReasonOptions {
  readonly reason?: string
  readonly reasonFile?: string
}

function fileText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch {
    throw usageFault(`the reason file ${path} cannot be read`)
  }
}

/** The reason that a person gives, from a flag, a file, or standard input (`-`). @throws CommandFailure usage */
export function reasonOf({ reason, reasonFile }: ReasonOptions): string {
  if ((reason === undefined) === (reasonFile === undefined)) {
    throw usageFault('a reason is needed: --reason TEXT or --reason-file FILE, one of them')
  }
  const text = reason ?? fileText(reasonFile ?? '-')
  const read = reasonText.safeParse(text)
  if (read.success) return read.data
  const why = read.error.issues[0]?.message ?? 'it cannot stand'
  throw usageFault(`the reason cannot be taken: ${why}`)
}
