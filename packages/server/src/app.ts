import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AccessKeyUses } from './access-key-usage.ts'
import { parseRoots } from './attestation/chain.ts'
import type { Authenticator } from './authenticate.ts'
import { administratorName, newAdministrator } from './auth/identities.ts'
import { startClock, watchClock } from './clock.ts'
import type { Config } from './config.ts'
import { writeCredentials } from './credentials.ts'
import { Explanations } from './explanations.ts'
import { openPool, type WrappingKeyPool } from './import/pool.ts'
import { settleDue } from './jobs.ts'
import { LastUsage } from './last-usage.ts'
import type { Log } from './log.ts'
import { openIssuers } from './oidc/issuers.ts'
import type { Context } from './operation.ts'
import { RequestQuotas } from './quotas.ts'
import { SigningKeys } from './protocol/sigv4.ts'
import { createKeyFile, openKeyFile } from './seal/key-file.ts'
import { openPassphrase } from './seal/passphrase.ts'
import { openSeal, type RootKey, type Seal } from './seal/seal.ts'
import { DocumentStore, identityRow, type Kind } from './store/documents.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Engine } from './store/store.ts'
import { Turns } from './turns.ts'
import { openExternalKeys } from './xks/external-keys.ts'
import { startPublicKeys } from './threads/threads.ts'

/** Everything that outlives a request. Made here and nowhere else: only this file picks a store, a seal, a clock. */
export interface App extends Authenticator {
  /** Epoch milliseconds. Stands still while the machine's clock, turned back, catches up. */
  now: () => number
  /** Milliseconds that pass whatever is done to that clock. */
  monotonic: () => number
  store: DocumentStore
  turns: Turns
  regions: ReadonlySet<string>
  /** What handlers get whatever the request is. */
  services: Omit<Context, 'now' | 'requestId' | 'operation' | 'caller' | 'authority' | 'region' | 'view'>
  log: Log
  /** What each account may ask for; undefined for no limit. */
  quotas: RequestQuotas | undefined
  explanations: Explanations
  /** Counts an answer, by operation and error code (or OK). */
  observe: (operation: string, code: string, seconds: number) => void
}

export interface OpenApp extends App {
  pool: WrappingKeyPool
  /** Where the administrator's access key was written, in the format of AWS's shared credentials file. */
  credentials: string
  /** Things that the operator should know, in plain sentences. */
  notices: readonly string[]
  /** Does what time alone makes due, unless the machine's clock cannot be trusted. */
  settle: () => Promise<number>
  /** Writes what is kept in memory only, once it is time. */
  flush: () => Promise<void>
  /** Audit entries with a number above `after`, in order; the first has number 1. */
  auditEntries: Engine['entries']
  /** Resolves once the store can commit no more; then the process must end. */
  failed: Promise<Error>
  close: () => Promise<void>
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string } // It is our own.

/** Kinds whose old rows hold nothing that must be unreadable once replaced. */
const compact: readonly Kind[] = [
  'key',
  'alias',
  'token-failures',
  'user',
  'group',
  'role',
  'managed-policy',
  'oidc-provider',
  'access-key-usage',
  'explanation',
  'console-link',
  'external-key',
  'key-usage',
  'usage-mark',
  'grant',
  'granted',
  'retirable',
]

/**
 * Opens the data folder, makes in it what is missing, and settles what became due meanwhile.
 *
 * @param wall the machine's clock, in epoch milliseconds
 * @param monotonic whole milliseconds since any moment
 * @throws SealError, ConfigError, BootstrapError, and Errors with sentences for the operator
 */
export async function openApp(
  config: Config,
  log: Log,
  wall?: () => number,
  monotonic: () => number = () => Math.floor(performance.now()),
): Promise<OpenApp> {
  if (config.bootstrap === undefined) return await open(config, log, wall, monotonic)
  // Most servers have none. Whatever is wrong in it is said before anything is opened.
  const { readBootstrap } = await import('./bootstrap/file.ts')
  const declaration = readBootstrap(config.bootstrap, process.env)
  const { applyBootstrap } = await import('./bootstrap/apply.ts')
  const app = await open(config, log, wall, monotonic)
  try {
    const { made, changed, weak } = await applyBootstrap(app, declaration)
    const notices = [
      ...app.notices,
      ...declaration.exposed.map(
        path => `Other users can read or write ${path}, which holds secrets. Run: chmod 600 '${path}'`,
      ),
      `The bootstrap file ${config.bootstrap}: ${made} made, ${changed} changed.`,
      ...weak.map(
        id => `The secret of the access key ${id} is so short that others can guess it. Such a one is for tests alone.`,
      ),
    ]
    return { ...app, notices }
  } catch (error) {
    await app.close()
    throw error
  }
}

async function open(
  config: Config,
  log: Log,
  wall: (() => number) | undefined,
  monotonic: () => number,
): Promise<OpenApp> {
  const attestationRoots = readRoots(config.attestation.roots)
  const engine = await openSqlite(config.data, { compact })
  try {
    const notices: string[] = []
    const seal = await openSeal(engine, await rootKey(config, engine, notices))
    const store = new DocumentStore(engine, { storeId: seal.storeId, macKey: seal.derive('row-mac/v1') })
    const now = startClock(await engine.lastEntryAt(), wall)
    const credentials = join(config.data, 'credentials')
    await ensureAdministrator(store, seal, config.account, credentials, now())
    const isSteady = watchClock(wall)
    const threads = startPublicKeys()
    const pool = openPool(threads.keyGenerator, config.wrapping.poolSize)
    const lastUsage = new LastUsage(store, log, monotonic())
    await lastUsage.recover()
    const accessKeyUses = new AccessKeyUses(store, log, monotonic())
    const issuers = openIssuers(config.oidc, failure =>
      log({ level: 'info', event: 'identity provider failed', ...failure }),
    )
    const externalKeys = openExternalKeys(config.xks, failure =>
      log({ level: 'info', event: 'external key store proxy failed', ...failure }),
    )
    await settleDue({ store, seal, log }, now())
    return {
      now,
      monotonic,
      store,
      turns: new Turns(),
      seal,
      signingKeys: new SigningKeys(),
      regions: new Set(config.regions),
      services: {
        seal,
        wrappingKeys: pool,
        publicKeys: threads.publicKeys,
        externalKeys,
        issuers,
        lastUsage,
        accessKeyUses,
        pause: () => new Promise(resolve => void setImmediate(resolve)),
        settings: {
          account: config.account,
          regions: config.regions,
          pkcs1v15: config.wrapping.pkcs1v15,
          attestationRoots,
          version,
        },
      },
      log,
      quotas: config.quotas === 'aws' ? new RequestQuotas() : undefined,
      explanations: new Explanations(),
      observe: () => {},
      pool,
      credentials,
      notices,
      async settle() {
        if (isSteady()) return await settleDue({ store, seal, log }, now())
        log({ level: 'error', event: 'clock jumped', detail: 'Nothing is erased until this server is started again.' })
        return 0
      },
      async flush() {
        await lastUsage.flushIfDue(monotonic())
        await accessKeyUses.flushIfDue(monotonic())
      },
      auditEntries: (after, limit) => engine.entries(after, limit),
      failed: engine.failed,
      async close() {
        externalKeys.close()
        await threads.close()
        // A store that has failed takes no more: at the next start its audit entries say the same.
        await lastUsage.flush().catch(() => {})
        await accessKeyUses.flush().catch(() => {})
        await engine.close()
      },
    }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The certificates in the file, in DER. */
function readRoots(file: string | undefined): Uint8Array[] {
  if (file === undefined) return []
  try {
    return parseRoots(readFileSync(file, 'latin1'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`attestation.roots names ${file}, which cannot be used: ${reason}`, { cause: error })
  }
}

/** What opens the seal: a passphrase if there is one, else the key file, which a new store gets if there is none. */
async function rootKey(config: Config, engine: Engine, notices: string[]): Promise<RootKey> {
  if (config.root.passphrase !== undefined) return openPassphrase(config.root.passphrase)
  const path = config.root.keyFile
  const isNewStore = (await engine.meta('domain-key/1')) === undefined
  if (isNewStore && !existsSync(path)) {
    await createKeyFile(path)
    notices.push(
      `A root key was made in ${path}. Whoever has this file and the data folder has every key; without it the data is ` +
        'lost. Back it up, apart from the data.',
    )
  }
  return await openKeyFile(path)
}

/**
 * A store without an administrator gets one. Its access key is written down before it is valid: a crash in between
 * leaves a file that the next start replaces, never a key that nobody knows.
 */
async function ensureAdministrator(
  store: DocumentStore,
  seal: Seal,
  account: string,
  credentials: string,
  now: number,
): Promise<void> {
  const view = store.view()
  const row = identityRow(account, administratorName)
  const there = await view.get('user', row)
  if (there) {
    if ('attached' in there) return
    throw new Error('The data folder was made by an unreleased version of Keyreeve, and cannot be used by this one.')
  }
  const { user, accessKey, secret } = newAdministrator(seal, account, now)
  await view.get('access-key', accessKey.id)
  await writeCredentials(credentials, { accessKeyId: accessKey.id, secret })
  await store.commit(
    view,
    [
      { put: 'user', id: row, document: user },
      { put: 'access-key', id: accessKey.id, document: accessKey },
    ],
    [],
  )
}
