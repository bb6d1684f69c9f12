/** Control, format (bidirectional ones among them), surrogate and separator characters that a reader does not see. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const escaped = (character: string) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`

/** Text from outside, made fit for one line of a finding: what cannot be seen is written out, the rest cut. */
export function plainText(value: string, longest: number): string {
  const seen = value.slice(0, 4 * longest).replaceAll(unseen, escaped)
  if (seen.length <= longest) return seen
  // Half of a pair at the end would have no canonical form.
  return `${seen.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The last of what a child wrote to its error stream: lines stay, other unseen characters go. */
export function plainLog(value: string): string {
  return value.replaceAll(unseen, (character) => (character === '\n' ? '\n' : ''))
}
