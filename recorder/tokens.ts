import { join } from 'node:path'
import { roles, type Role, type RoleToken } from './roles.js'
import { readOrMakeSecret } from './secret-file.js'

/** Where a role's token lies below the installation's home. */
export function tokenPath(home: string, role: Role): string {
  return join(home, 'tokens', `recorder-${role}.token`)
}

/**
 * Reads every role's token, drawing those that are missing (mode 600).
 *
 * @throws PromotionError `CONFIG_INVALID` when others may read a token file
 */
export async function loadTokens(home: string): Promise<readonly RoleToken[]> {
  const tokens: RoleToken[] = []
  for (const role of roles) {
    tokens.push({ role, token: await readOrMakeSecret(tokenPath(home, role)) })
  }
  return tokens
}
