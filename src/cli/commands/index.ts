/** Every command, in the order `siplab --help` lists them. A new command is one file here and one line below. */
import type { RegisterCommand } from '../command.ts'
import { assignCommand, drainCommand, mtlsCommand, settingsCommand, unassignCommand } from './administration.ts'
import { benchProxyCommand } from './bench-proxy.ts'
import { certsCommand } from './certs.ts'
import { checkCommand } from './check.ts'
import { clockCommand } from './clock.ts'
import { decodeCommand } from './decode.ts'
import { downCommand } from './down.ts'
import { eventsCommand } from './events.ts'
import { breakCommand, faultsCommand, healCommand } from './faults.ts'
import { nodeCommand } from './node.ts'
import { phoneCommand } from './phone.ts'
import { planCommand } from './plan.ts'
import { registrationsCommand } from './registrations.ts'
import { scenarioCommand } from './scenario.ts'
import { statusCommand } from './status.ts'
import { attendCommand, superviseCommand } from './supervise.ts'
import { timelineCommand } from './timeline.ts'
import { traceCommand } from './trace.ts'
import { upCommand } from './up.ts'
import { usersCommand } from './users.ts'

export const commands: readonly RegisterCommand[] = [
  upCommand,
  downCommand,
  statusCommand,
  planCommand,
  certsCommand,
  timelineCommand,
  assignCommand,
  unassignCommand,
  mtlsCommand,
  settingsCommand,
  faultsCommand,
  breakCommand,
  healCommand,
  clockCommand,
  drainCommand,
  scenarioCommand,
  eventsCommand,
  traceCommand,
  decodeCommand,
  checkCommand,
  phoneCommand,
  usersCommand,
  registrationsCommand,
  nodeCommand,
  benchProxyCommand,
  superviseCommand,
  attendCommand,
]
