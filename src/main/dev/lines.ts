import { z } from 'zod'

/** pino's number for a warning. */
const warning = 40

const longest = 2_000

const logged = z.object({
  level: z.number(),
  msg: z.string().default(''),
  remedy: z.string().optional(),
})

const readyLine = z.object({ ready: z.literal(true) })

export interface LineRules {
  /** Plain lines on stdout are for people too, not only for the log file. */
  readonly showsOutput?: boolean
  /** Lines that help nobody. */
  readonly quiet?: readonly RegExp[]
}

/** What of a child's words belongs on the screen: its warnings and errors; all the rest is in its log file. */
export function shownLine(
  line: string,
  stream: 'stdout' | 'stderr',
  { showsOutput = false, quiet = [] }: LineRules = {},
): string | null {
  if (line.trim() === '' || quiet.some((pattern) => pattern.test(line))) return null
  const json = parsed(line)
  if (json !== undefined) return shownRecord(json)
  return stream === 'stderr' || showsOutput ? printable(line) : null
}

function shownRecord(json: unknown): string | null {
  const { data } = logged.safeParse(json)
  if (!data || data.level < warning) return null
  return printable(data.remedy === undefined ? data.msg : `${data.msg}: ${data.remedy}`)
}

/** By such a line a process says that it does its work. */
export function isReadyLine(line: string): boolean {
  return readyLine.safeParse(parsed(line)).success
}

function parsed(line: string): unknown {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** A line may hold what came from outside: no control sequence of it reaches the terminal. */
function printable(line: string): string {
  return line.replaceAll(/[^\P{C}\t]/gu, '\uFFFD').slice(0, longest)
}
