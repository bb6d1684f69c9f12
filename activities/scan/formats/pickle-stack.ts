import type { Opcode } from './pickle-opcodes.js'

/** What the walk knows of a value: the mark, a text, or nothing. */
export type Value =
  { readonly kind: 'mark' | 'other' } | { readonly kind: 'text'; readonly text: string }

export interface PickleState {
  readonly stack: Value[]
  readonly memo: Map<number, Value>
  /** `module.name` of everything that the pickle imports. */
  readonly imports: Set<string>
}

const other: Value = { kind: 'other' }
const keepsStack: ReadonlySet<string> = new Set([
  'PUT',
  'BINPUT',
  'LONG_BINPUT',
  'MEMOIZE',
  'READONLY_BUFFER',
])
const keepsBelowMark: ReadonlySet<string> = new Set(['APPENDS', 'SETITEMS', 'ADDITEMS'])
const deepest = 1_000_000

function takeFrom(stack: Value[], opcode: Opcode): boolean {
  if (opcode.takes === 'mark') return takeToMark(stack, opcode.name)
  if (stack.length < opcode.takes) return false
  const taken = opcode.takes === 0 ? [] : stack.slice(-opcode.takes)
  // Only POP may take the mark itself.
  if (opcode.name !== 'POP' && taken.some((value) => value.kind === 'mark')) return false
  stack.length -= opcode.takes
  return true
}

function takeToMark(stack: Value[], name: string): boolean {
  const mark = stack.findLastIndex((value) => value.kind === 'mark')
  if (mark < 0 || (keepsBelowMark.has(name) && mark === 0)) return false
  if (name === 'OBJ' && mark === stack.length - 1) return false
  stack.length = mark
  return true
}

/** What the opcode leaves; undefined where it asks the memo for what is not there. */
function pushed(state: PickleState, opcode: Opcode, text: string | null): Value | undefined {
  if (opcode.name === 'MARK') return { kind: 'mark' }
  if (opcode.name.endsWith('GET')) return state.memo.get(Number(text))
  const isText = /UNICODE|STRING/.test(opcode.name)
  return isText && text !== null ? { kind: 'text', text } : other
}

function keepImport(state: PickleState, opcode: Opcode, text: string | null): void {
  if (opcode.name === 'GLOBAL' || opcode.name === 'INST') {
    state.imports.add((text ?? '?').replace('\n', '.'))
  }
  if (opcode.name !== 'STACK_GLOBAL') return
  const [module, name] = state.stack.slice(-2)
  const parts = [module, name].map((value) => (value?.kind === 'text' ? value.text : '?'))
  state.imports.add(parts.join('.'))
}

function keepMemo(state: PickleState, opcode: Opcode, text: string | null): void {
  const top = state.stack.at(-1)
  if (top === undefined) return
  if (opcode.name === 'MEMOIZE') state.memo.set(state.memo.size, top)
  else if (opcode.name.endsWith('PUT')) state.memo.set(Number(text), top)
}

/**
 * What one opcode does, as far as it matters for knowing what is imported. False where Python's reader would stop
 * with an error: nothing behind that point ever runs.
 */
export function applyOpcode(state: PickleState, opcode: Opcode, text: string | null): boolean {
  const { stack } = state
  keepImport(state, opcode, text)
  if (keepsStack.has(opcode.name)) {
    if (stack.length === 0) return false
    keepMemo(state, opcode, text)
    return true
  }
  const top = stack.at(-1)
  if (!takeFrom(stack, opcode)) return false
  if (opcode.name === 'DUP' && top !== undefined) {
    stack.push(top, top)
    return true
  }
  if (opcode.leaves === 1) {
    const value = pushed(state, opcode, text)
    if (value === undefined) return false
    stack.push(value)
  }
  return stack.length <= deepest
}
