import { basename } from 'node:path'
import type { Finding } from '../../../src/schema/check.js'
import { findingOf } from '../../finding.js'

const requirementFile =
  /^(requirements[\w.-]*\.txt|constraints[\w.-]*\.txt|conda\.ya?ml|python_env\.ya?ml)$/
const outside =
  /:\/\/|\bgit\+|^\s*(-\s+)?["']?(-e|--editable|-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|-r|--requirement|-c|--constraint)\b|\s@\s/
const mostLines = 100

/**
 * Lines of a requirements file that fetch from elsewhere than the index of whoever installs. The file itself runs
 * nothing: an installer does.
 */
export function requirementFindings(path: string, text: string): Finding[] {
  if (!requirementFile.test(basename(path))) return []
  return text
    .split('\n')
    .flatMap((line, index) => (outside.test(line) && !/^\s*#/.test(line) ? [index + 1] : []))
    .slice(0, mostLines)
    .map((line) =>
      findingOf({
        rule: 'scan/requirement-source',
        about: `${path}:${line}`,
        severity: 'medium',
        what: `Line ${line} fetches a package from an address of its own, or sends the installer elsewhere.`,
        why: 'Whoever installs these requirements runs code from there, and nobody here has looked at it.',
        remedy:
          'Name package and version only (name==1.2.3) and let the installer use your own index.',
      }),
    )
}
