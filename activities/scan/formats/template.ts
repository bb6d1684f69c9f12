import { findingOf } from '../../finding.js'
import type { FileVerdict } from '../verdict.js'

const marks = [/\{\{/, /\{%/, /<\?php/i, /<%/, /\$\{jndi:/i]

/** The verdict on a text with template marks: a template is a program for whoever renders it. */
export function templateVerdict(
  path: string,
  text: string,
  format = 'template',
): FileVerdict | null {
  const at = marks.map((mark) => text.search(mark)).find((place) => place >= 0)
  if (at === undefined) return null
  const finding = findingOf({
    rule: 'scan/template',
    about: path,
    place: `offset ${at}`,
    severity: 'high',
    what: 'The file holds template marks ({{, {%, <?php or <%).',
    why: 'Chat and page templates are programs; one that comes with a model runs where the model is served (CVE-2024-34359).',
    remedy: 'Keep templates with the application that renders them, under its own review.',
  })
  return { format, verdict: 'contains-code', findings: [finding] }
}
