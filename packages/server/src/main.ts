import { fileURLToPath } from 'node:url'
import { openApp, type OpenApp } from './app.ts'
import type { Config } from './config.ts'
import { consoleRoutes } from './http/console.ts'
import { adminRoutes, Metrics, watchProcess } from './http/metrics.ts'
import { mainRoutes } from './http/routes.ts'
import { listen, type Listener } from './http/server.ts'
import type { Log } from './log.ts'
import { answer } from './pipeline.ts'

export interface RunningServer {
  app: OpenApp
  /** Such as `http://127.0.0.1:4599`, with the base path if there is one. */
  address: string
  port: number
  /** Of the second listener, if there is one. */
  adminAddress: string | undefined
  reloadCertificate: () => void
  /** Finishes the requests under way, then closes everything. */
  close: () => Promise<void>
}

const consoleFolder = fileURLToPath(new URL('../console', import.meta.url))

/** How often what is due is looked for, in milliseconds. Expiry itself does not wait for it. */
const sweepInterval = 1000

/** Opens the data folder and listens. The clocks are the machine's, as `openApp` has them. */
export async function startServer(
  config: Config,
  log: Log,
  wall?: () => number,
  monotonic?: () => number,
): Promise<RunningServer> {
  const app = await openApp(config, log, wall, monotonic)
  const listeners: Listener[] = []
  const close = async (): Promise<void> => {
    clearInterval(sweeper)
    await Promise.all(listeners.map(listener => listener.close()))
    await app.close()
  }
  const sweeper = setInterval(() => void sweep(app), sweepInterval)
  sweeper.unref()
  try {
    let isReady = false
    const metrics = new Metrics()
    app.observe = (operation, code, seconds) => metrics.observe(operation, code, seconds)
    const { host, port, basePath, hosts, tls } = config
    const routes = mainRoutes({
      answer: request => answer(app, request),
      ready: () => isReady,
      console: consoleRoutes(consoleFolder, config.regions),
    })
    const main = await listen({ host, port, basePath, hosts, tls, log }, routes)
    listeners.push(main)
    if (config.adminPort !== undefined) {
      watchProcess(metrics)
      metrics.gauge('kms_wrapping_key_pool_size', 'Wrapping key pairs that are ready', () =>
        [...app.pool.levels()].map(([spec, value]) => ({ labels: { spec }, value })),
      )
      listeners.push(await listen({ host: config.adminHost, port: config.adminPort, hosts, log }, adminRoutes(metrics)))
    }
    app.pool.fill()
    isReady = true
    return {
      app,
      address: main.address + basePath,
      port: main.port,
      adminAddress: listeners[1]?.address,
      reloadCertificate: () => main.reload(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

let sweeping = false

async function sweep(app: OpenApp): Promise<void> {
  if (sweeping) return
  sweeping = true
  for (const done of await Promise.allSettled<unknown>([app.settle(), app.flush()])) {
    if (done.status === 'rejected') app.log({ level: 'error', event: 'sweep failed', detail: String(done.reason) })
  }
  sweeping = false
}
