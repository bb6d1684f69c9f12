import type { Command } from 'commander'
import type { Bind } from './program.js'
import type { Session } from './session.js'

/** What needs engines, files or the recorder is loaded when it is asked for, so that the rest starts at once. */
function addOffline(program: Command, bind: Bind): void {
  program
    .command('check <path>')
    .description("the policy's checks on a model that lies here, on its open evaluation set")
    .option('--policy <id>')
    .option('--model <name>', 'the policy that governs this model')
    .option('--environment <name>', 'with --model', 'production')
    .option('--only <checks>', 'such as scan,provenance')
    .option('--governance <folder>')
    .option('--evaluation-sets <folder>')
    .action(
      bind(async (session, path: string, options: object) =>
        (await import('./commands/check.js')).check(session, path, options),
      ),
    )
  for (const which of ['owners', 'policy'] as const) {
    program
      .command(which)
      .description(`${which} lint: what will not do in a governance folder`)
      .command('lint [folder]')
      .action(
        bind(async (session, folder: string | undefined) =>
          (await import('./commands/lint.js')).lint(session, which, folder),
        ),
      )
  }
  program
    .command('keys')
    .description('keys new: a key of your own')
    .command('new')
    .requiredOption('--out <file>', 'the private key; the public one gets .pub')
    .action(
      bind(async (session, options: { out: string }) =>
        (await import('./commands/keys.js')).newKey(session, options),
      ),
    )
}

/** For whoever keeps it running, and for a laptop without a server. */
export function addOperations(program: Command, bind: Bind): void {
  addOffline(program, bind)
  program
    .command('token')
    .description('a bearer token of the development provider, with --as PERSON')
    .action(
      bind(async (session: Session) =>
        (await import('./commands/keys.js')).token(session, program.opts<{ as?: string }>().as),
      ),
    )
  program
    .command('rebuild')
    .description('fold the read model anew from the log')
    .action(bind(async (session) => (await import('./commands/evidence.js')).rebuild(session)))
  program
    .command('doctor')
    .description('looks at everything that a promotion needs')
    .action(
      bind(async (session) =>
        (await import('./commands/doctor.js')).doctor(session, program.opts<{ server?: string }>()),
      ),
    )
  program
    .command('backup')
    .description('copy a stopped installation, keys too')
    .requiredOption('--out <folder>')
    .action(
      bind(async (session, options: { out: string }) =>
        (await import('./commands/backup.js')).backup(session, options),
      ),
    )
  program
    .command('restore <folder>')
    .description('put a backup in place; ends in a check of the log')
    .action(
      bind(async (session, folder: string) =>
        (await import('./commands/backup.js')).restore(session, folder),
      ),
    )
}
