import type { LineRules } from './lines.js'

/** One process that `npm start` keeps running. */
export interface Entry extends LineRules {
  readonly name: string
  /** Absolute path of a compiled module. */
  readonly script: string
  /** Not started before these are ready. */
  readonly after?: readonly string[]
  /** Ready when it says so in a line, when its port answers, or as soon as it runs. */
  readonly ready: 'line' | 'started' | { readonly port: number; readonly host: string }
  /** Lower ones are stopped first; those of one stage together. */
  readonly stopStage: number
  readonly stopWithinMs: number
}
