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

// Hostile text of many megabytes meets these: none may look twice at a long run of characters.
const python = [
  /^[ \t]*import [A-Za-z_][\w.]*[ \t]*([,;#\r]|as \w|$)/m,
  /^[ \t]*from [.\w]+ import [\w(*]/m,
  /^[ \t]*(async )?def \w+ ?\(/m,
  /^[ \t]*class \w+[ \t]*[(:]/m,
  /\b(__import__|exec|eval)\s{0,100}\(/,
]
const shell = [
  /\b(curl|wget)\b[^\n|]{0,200}\|[ \t]{0,100}(ba|z|k)?sh\b/,
  /^[ \t]*(set -[eux]+|export [A-Z_]+=)/m,
]

/** Quoted examples of a README are no program; with triple quotes in the file, the fences may be inside a string. */
function withoutExamples(text: string): string {
  if (!text.includes('```') || /"""|'''/.test(text)) return text
  let isQuoted = false
  const own = text.split('\n').filter((line) => {
    const isFence = line.startsWith('```')
    if (isFence) isQuoted = !isQuoted
    return !isFence && !isQuoted
  })
  // A fence that nobody closes would hide the rest of the file.
  return isQuoted ? text : own.join('\n')
}

/** `python`, `shell` or `source` for a text that is a program; null where nothing says so. */
export function looksLikeProgram(path: string, text: string): string | null {
  const named = runnable.get(extname(path).toLowerCase())
  if (named !== undefined) return named
  const own = withoutExamples(text)
  if (python.some((sign) => sign.test(own))) return 'python'
  return shell.some((sign) => sign.test(own)) ? 'shell' : null
}
