import type { Segment } from '../../cli/terminal.js'

/** How the demo tells its story: line by line, through the terminal's encoder. */
export interface Teller {
  line(...segments: readonly Segment[]): void
  heading(text: string): void
}

export { bold, dim, word } from '../../cli/say.js'
