/** A lab that a script brings up for itself, without output on the terminal. */
import { launcher } from '../src/cli/package.ts'
import { controlClient } from '../src/lab/control-client.ts'
import type { RunningLabAccess } from '../src/lab/running-lab.ts'
import type { ReadyDocument } from '../src/lab/ready-document.ts'
import { supervisorClient } from '../src/lab/supervisor-control.ts'
import { bringUp } from '../src/lab/up.ts'
import { nodeFolder } from '../src/node/control/node-folder.ts'
import { configFolder, loadTopology } from '../src/topology/load.ts'

export interface ScriptLab {
  readonly access: RunningLabAccess
  readonly ready: ReadyDocument
  stop(): Promise<void>
}

/**
 * @param data the folder of the lab
 * @param network N of 127.0.N.0/24; absent: the first that is free
 */
export async function bringUpQuietly(
  topology: string,
  data: string,
  network: number | undefined,
  movableClock = false,
): Promise<ScriptLab> {
  const lab = await bringUp(
    {
      topology: loadTopology(topology, configFolder()),
      source: topology,
      data,
      launcher,
      ports: {},
      fresh: false,
      movableClock,
      ...(network === undefined ? {} : { network }),
      environment: process.env,
      onProgress: () => undefined,
      onChange: () => undefined,
    },
    new AbortController().signal,
  )
  const { root } = lab.folder
  return {
    access: {
      root,
      plan: lab.plan,
      clientOf: (node) => controlClient(node, nodeFolder(root, node)),
      supervisor: () => supervisorClient(lab.folder),
    },
    ready: lab.ready,
    stop: async () => void (await lab.stop()),
  }
}
