import { Lexer, Parser } from 'yaml'

export const maxBytes = 1024 * 1024
/** Nested mappings and lists, one inside the other. */
export const maxDepth = 32

/** The parser's own stack grows by at most three entries for each level, and a few for the scalar at the end. */
const maxStack = 3 * maxDepth + 8
const governanceLexemes = 200_000

/** Why a text is not given to the parser, and the offset of it. */
export interface GuardFault {
  readonly offset: number
  readonly what: string
}

/**
 * Looks at a text without building anything from it: the parser's next step is recursive, and nesting of a
 * hundred thousand levels ends the process where no handler can catch it. Also the first syntax error ends the
 * search here, because a text of nothing but errors takes that step minutes.
 */
export function guardFault(text: string, maxLexemes = governanceLexemes): GuardFault | null {
  const parser = new Parser()
  let offset = 0
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1
    if (lexemes > maxLexemes) return { offset, what: 'holds more parts than are read' }
    const fault = firstError(parser.next(lexeme))
    if (fault) return fault
    offset = parser.offset
    if (parser.stack.length > maxStack) return { offset, what: tooDeep }
  }
  return firstError(parser.end())
}

export const tooDeep = `is nested more than ${maxDepth} levels deep`

function firstError(tokens: ReturnType<Parser['next']>): GuardFault | null {
  for (const token of tokens) {
    if (token.type === 'error') return { offset: token.offset, what: token.message }
    if (token.type === 'directive') {
      return { offset: token.offset, what: 'a directive was found: plain YAML 1.2 was expected' }
    }
  }
  return null
}

const neverSeen = /[^\n\r\t\P{Cc}]|[\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u

/** Where a text holds a control, bidirectional or otherwise invisible character; null where nowhere. */
export function invisibleAt(text: string): number | null {
  const found = neverSeen.exec(text)
  return found === null ? null : found.index
}
