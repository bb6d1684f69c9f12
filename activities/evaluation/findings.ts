import { digestOf } from '../../src/domain/canonical.js'
import type { Finding } from '../../src/schema/check.js'
import { childFaults, type Fault, parentFaults } from './faults.js'
import { plainText } from './plain-text.js'

const texts = { ...childFaults, ...parentFaults }

/** A column's name as a part of an id: itself where it is plain, else a short digest of it. */
export function idPart(name: string): string {
  return /^[\w.-]{1,60}$/.test(name) ? name : digestOf(name).slice(7, 23)
}

/** A name from outside, quoted and fit to be read. */
export const quoted = (name: string) => `'${plainText(name, 60)}'`

/** Why the evaluation could not be carried out. No waiver may cover it. */
export function faultFinding(fault: Fault, what: string, where: string | null): Finding {
  const { why, remedy } = texts[fault]
  return {
    id: `evaluation/${fault}`,
    severity: 'high',
    what: plainText(what, 500),
    where: where === null ? null : plainText(where, 300),
    why,
    remedy,
    waivable: false,
  }
}

interface Shortfall {
  readonly id: string
  readonly what: string
  readonly where: string
  readonly why: string
  readonly remedy: string
}

function shortfall(severity: Finding['severity'], found: Shortfall): Finding {
  return {
    ...found,
    id: `evaluation/${found.id}`,
    severity,
    what: plainText(found.what, 500),
    where: plainText(found.where, 300),
    waivable: true,
  }
}

/** A bound of the policy was missed. */
export const missed = (found: Shortfall) => shortfall('high', found)

/** The data cannot show whether a bound is kept. */
export const unproven = (found: Shortfall) => shortfall('medium', found)
