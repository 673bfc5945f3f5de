/** Runs one SIP server of a lab in this process. */
import { Service, type ServiceOptions } from './service.ts'

export interface RunningServer {
  /** Resolves with the exit status: 0 stopped as told, 1 it shut down for a reason of its own. */
  readonly ended: Promise<number>
  drain(): Promise<void>
  stop(): Promise<void>
  readonly service: Service
}

/** Resolves once the server is ready or has ended; `ended` tells which. */
export async function startServer(options: ServiceOptions): Promise<RunningServer> {
  const service = new Service(options)
  await service.start()
  return { ended: service.ended, drain: () => service.drain(), stop: () => service.stop(), service }
}
