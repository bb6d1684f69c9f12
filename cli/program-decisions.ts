import type { Command } from 'commander'
import { accept, cancel, rerun, waive, withdraw } from './commands/acts.js'
import { promote } from './commands/promote.js'
import { sign } from './commands/sign.js'
import type { Bind } from './program.js'

function withReason(command: Command): Command {
  return command
    .option('--reason <text>', 'why')
    .option('--reason-file <file>', 'why, from a file; - is standard input')
}

function addSigning(program: Command, bind: Bind): void {
  withReason(program.command('sign <promotion>'))
    .description('approve or reject at one seat; the decision digest is recomputed first')
    .requiredOption('--seat <seat>', 'which seat')
    .option('--approve')
    .option('--reject')
    .option('--key <file>', 'your own private key (PEM): the sign-off is of level signed')
    .option('--statement', "print Temporal's own command line instead of sending; needs --key")
    .option('--yes', 'do not ask again')
    .action(bind(sign))
  withReason(program.command('withdraw <promotion>'))
    .description('take back your own sign-off')
    .requiredOption('--seat <seat>', 'which seat')
    .action(bind(withdraw))
  withReason(program.command('waive <promotion> <finding>'))
    .description('accept a named finding for a time')
    .requiredOption('--for <time>', 'such as 30d')
    .action(bind(waive))
  withReason(program.command('accept <promotion> <check>'))
    .description('accept an inconclusive check for a time')
    .requiredOption('--for <time>', 'such as 30d')
    .action(bind(accept))
}

/** Everything by which a person decides something. */
export function addDecisions(program: Command, bind: Bind): void {
  withReason(program.command('promote <model> <version>'))
    .description('ask for a version to be promoted')
    .option('--environment <name>', 'where to', 'production')
    .action(bind(promote))
  addSigning(program, bind)
  withReason(program.command('cancel <promotion>'))
    .description('end a promotion')
    .action(bind(cancel))
  withReason(program.command('rerun <promotion> <check>'))
    .description('run a check again')
    .action(bind(rerun))
}
