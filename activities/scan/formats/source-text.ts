import { extname } from 'node:path'

/**
 * Names by which an interpreter or a package finder picks a file up. A text's content cannot prove that it is no
 * program, so these names are enough; without them, the signs below are.
 */
const runnable: ReadonlyMap<string, string> = new Map([
  ...['.py', '.pyw', '.pyx', '.pyi', '.pth'].map((name) => [name, 'python'] as const),
  ...['.sh', '.bash', '.zsh', '.ksh', '.fish'].map((name) => [name, 'shell'] as const),
  ...['.bat', '.cmd', '.ps1', '.js', '.mjs', '.cjs', '.ts', '.rb', '.pl', '.php', '.lua', '.r'].map(
    (name) => [name, 'source'] as const,
  ),
  ...['.jinja', '.jinja2', '.j2', '.so', '.dll', '.dylib', '.exe', '.pyc', '.pkl', '.pickle'].map(
    (name) => [name, 'source'] as const,
  ),
])

const python = [
  /^\s*import [A-Za-z_][\w.]*(\s+as\s+\w+)?(\s*,[\w\s.,]*)?\s*([;#].*)?$/m,
  /^\s*from [.\w]+ import [\w(*]/m,
  /^\s*(async )?def \w+\s*\([^\n]*$/m,
  /^\s*class \w+(\([^\n]*\))?:\s*(#.*)?$/m,
  /\b(__import__|exec|eval)\s*\(/,
]
const shell = [/\b(curl|wget)\b[^\n]*\|\s*(ba|z|k)?sh\b/, /^\s*(set -[eux]+|export [A-Z_]+=)/m]

/** Quoted examples of a README are no program; with triple quotes in the file, the fences may be inside a string. */
function withoutExamples(text: string): string {
  if (/"""|'''/.test(text)) return text
  return text.replaceAll(/^```[^\n]*\n[\s\S]*?^```\s*$/gm, '')
}

/** `python`, `shell` or `source` for a text that is a program; null where nothing says so. */
export function looksLikeProgram(path: string, text: string): string | null {
  const named = runnable.get(extname(path).toLowerCase())
  if (named !== undefined) return named
  const own = withoutExamples(text)
  if (python.some((sign) => sign.test(own))) return 'python'
  return shell.some((sign) => sign.test(own)) ? 'shell' : null
}
