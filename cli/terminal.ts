export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** A piece of a line: plain, or in a style where the terminal has any. */
export type Segment = string | { readonly style: Style; readonly text: string }

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
}

/**
 * The one encoder for terminals: characters that move the cursor, change the direction of writing or show nothing are
 * written as `\u{..}`. A tab becomes a blank; a line break is escaped too, since one line stays one line.
 */
export function forTerminal(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON in which no character moves a cursor either; it reads back as the same value. */
export function jsonForTerminal(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u007F-\u009F]/gu,
    (c) =>
      Array.from({ length: c.length }, (_, at) => {
        return `\\u${c.charCodeAt(at).toString(16).padStart(4, '0')}`
      }).join(''),
  )
}

export interface Sink {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

export interface Terminal {
  /** One line of data, or of talk; every segment is encoded. */
  line(...segments: readonly Segment[]): void
  /** A value as JSON. */
  json(value: unknown): void
  /** A text exactly as it is: for files and tokens alone. */
  raw(text: string): void
}

/** Whether a sink is to be coloured: a terminal that can, and nobody who asked for none. */
export function hasColour(sink: Sink, env: Readonly<Record<string, string | undefined>>): boolean {
  const isWanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return isWanted && sink.isTTY === true
}

/** Writes lines to a sink through the one encoder. */
export function createTerminal(sink: Sink, isColoured: boolean): Terminal {
  const shown = (segment: Segment) => {
    if (typeof segment === 'string') return forTerminal(segment)
    const [on, off] = codes[segment.style]
    const text = forTerminal(segment.text)
    return isColoured ? `\u001B[${on}m${text}\u001B[${off}m` : text
  }
  return {
    line: (...segments) => void sink.write(`${segments.map(shown).join('')}\n`),
    json: (value) => void sink.write(`${jsonForTerminal(value)}\n`),
    raw: (text) => void sink.write(text),
  }
}

/** Rows under each other; the widths are those of the encoded texts. */
export function table(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  const encoded = rows.map((row) => row.map(forTerminal))
  const widths = (encoded[0] ?? []).map((_, column) =>
    Math.max(...encoded.map((row) => Array.from(row[column] ?? '').length)),
  )
  for (const row of encoded) {
    const cells = row.map((cell, column) => {
      const isLast = column === row.length - 1
      return isLast ? cell : cell + ' '.repeat((widths[column] ?? 0) - Array.from(cell).length)
    })
    terminal.line(cells.join('  '))
  }
}
