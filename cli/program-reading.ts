import type { Command } from 'commander'
import { evidence } from './commands/evidence.js'
import { inbox, list, why } from './commands/lists.js'
import { status, wait } from './commands/status.js'
import type { Bind } from './program.js'

/** Everything that only looks. */
export function addReading(program: Command, bind: Bind): void {
  program
    .command('status <promotion>')
    .description('all that is known of a promotion, and what it waits for')
    .option('--watch', 'until it has ended; its end is the exit code')
    .action(bind(status))
  program
    .command('wait <promotion>')
    .description('wait for a state')
    .option('--for <state>', 'which one', 'promoted')
    .option('--timeout <time>', 'such as 15m; then the exit code is 4')
    .action(bind(wait))
  program
    .command('list')
    .description('promotions that you may see, newest first')
    .option('--model <name>')
    .option('--version <version>')
    .option('--state <state>')
    .option('--environment <name>')
    .option('--waiting-on <who>', 'a team, requester or countersign')
    .option('--requested-by <id>')
    .option('--since <moment>')
    .option('--until <moment>')
    .option('--limit <count>')
    .option('--cursor <cursor>')
    .action(bind(list))
  program.command('inbox').description('what waits for you').action(bind(inbox))
  program
    .command('why <model>')
    .description('what is live, and why')
    .option('--environment <name>', 'where', 'production')
    .action(bind(why))
  program
    .command('evidence <promotion>')
    .description('the evidence bundle')
    .option('--out <file>', 'a file that is not there yet; standard output where left out')
    .option('--redacted', 'without what people wrote')
    .option('--history', "with Temporal's history")
    .action(bind(evidence))
}
