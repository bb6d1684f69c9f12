import type { CommandFailure } from './failure.js'
import type { Segment, Style, Terminal } from './terminal.js'
import type { Session } from './session.js'

const styles: Readonly<Record<string, Style>> = {
  promoted: 'green',
  passed: 'green',
  ok: 'green',
  failed: 'red',
  rejected: 'red',
  error: 'red',
  fail: 'red',
  expired: 'red',
  cancelled: 'yellow',
  blocked: 'yellow',
  inconclusive: 'yellow',
  warn: 'yellow',
  warning: 'yellow',
}

/** A state or outcome in its colour; the word itself always stands there. */
export function word(text: string): Segment {
  const style = styles[text]
  return style === undefined ? text : { style, text }
}

export const bold = (text: string): Segment => ({ style: 'bold', text })
export const dim = (text: string): Segment => ({ style: 'dim', text })

/** What a person wrote, line by line, indented, so that it cannot be taken for our own words. */
export function quoteWords(terminal: Terminal, text: string, indent: string): void {
  for (const line of text.split(/\r?\n/)) terminal.line(`${indent}│ ${line}`)
}

/** What, why, remedy. Under --json also as JSON on stdout, since a script reads that. */
export function tellFailure(session: Session, failure: CommandFailure): void {
  const { out, err } = session
  const { exitCode, message: what, why, remedy, problem } = failure
  if (session.isJson)
    out.json({ error: { exitCode, what, why, remedy, ...(problem && { problem }) } })
  const [first = '', ...rest] = what.split('\n')
  err.line({ style: 'red', text: 'no: ' }, first)
  for (const line of rest) err.line(line)
  for (const line of why) err.line('  ', line)
  if (remedy !== undefined) err.line('  ', { style: 'bold', text: 'remedy: ' }, remedy)
}
