import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseYaml } from '../../governance/yaml.js'
import type { DevelopmentPerson } from '../../identity/pages.js'
import { PromotionError } from '../domain/errors.js'

const owners = z.object({
  people: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      email: z.string().optional(),
      issuer: z.string(),
      subject: z.string().min(1),
    }),
  ),
  machines: z.array(z.object({ id: z.string(), subject: z.string().min(1) })).default([]),
})

/**
 * Whom the development provider knows: the people of the owners file whose issuer is
 * `development`, and the machines. It grants no right: that is the governance set's to say.
 *
 * @throws PromotionError `GOVERNANCE_INVALID`
 */
export function readDevelopmentPeople(path: string): readonly DevelopmentPerson[] {
  const { people, machines } = readOwners(path)
  const found: DevelopmentPerson[] = [
    ...people.filter(({ issuer }) => issuer === 'development'),
    ...machines.map(({ id, subject }) => ({ id, subject, name: `Machine ${subject}` })),
  ]
  const names = found.flatMap(({ id, subject }) => [id, subject])
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined && found.length > 0) return found
  const fault = twice === undefined ? 'names nobody of issuer development' : `names ${twice} twice`
  throw new PromotionError('GOVERNANCE_INVALID', `${path} ${fault}`)
}

function readOwners(path: string): z.infer<typeof owners> {
  try {
    const text = readFileSync(path, 'utf8')
    return owners.parse(parseYaml(text, path).value)
  } catch (cause) {
    const message = `${path} cannot be read as an owners file: ${firstLine(cause)}`
    throw new PromotionError('GOVERNANCE_INVALID', message, { field: path }, { cause })
  }
}

function firstLine(cause: unknown): string {
  if (cause instanceof z.ZodError) {
    const issue = cause.issues[0]
    return issue ? `${issue.path.join('.')}: ${issue.message}` : 'it has another shape'
  }
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
}
