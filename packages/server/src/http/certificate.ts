import { X509Certificate } from 'node:crypto'
import { readFileSync, watch } from 'node:fs'
import type { Server } from 'node:https'
import { dirname } from 'node:path'
import type { Log } from '../log.ts'

/** Paths of PEM files. The certificate file holds the whole chain, the server's own certificate first. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

export interface CertificatePair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** @throws Error, as a sentence for the operator, unless both files can be read and belong together */
export function readCertificate(files: CertificateFiles): CertificatePair {
  try {
    const pair = { cert: readFileSync(files.certificate), key: readFileSync(files.key) }
    process.getBuiltinModule('node:tls').createSecureContext(pair) // Throws if they do not belong together.
    return pair
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The certificate ${files.certificate} and key ${files.key} cannot be used: ${reason}`, {
      cause: error,
    })
  }
}

export interface CertificateWatch {
  /** Reads the files again, now. A pair that cannot be used changes nothing, and is logged. */
  readonly reload: () => void
  readonly close: () => void
}

/**
 * Serves new connections with the newest usable pair. Folders are watched rather than files, because renewal replaces a
 * file, or a link somewhere on the way to it.
 */
export function followCertificate(
  server: Server,
  files: CertificateFiles,
  first: CertificatePair,
  settings: object,
  log: Log,
): CertificateWatch {
  let current = first
  let pending: NodeJS.Timeout | undefined

  function reload(): void {
    clearTimeout(pending)
    pending = undefined
    try {
      const pair = readCertificate(files)
      if (pair.cert.equals(current.cert) && pair.key.equals(current.key)) return
      server.setSecureContext({ ...settings, ...pair })
      current = pair
      const { subject, validTo } = new X509Certificate(pair.cert)
      log({ level: 'info', event: 'certificate replaced', subject, validTo })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log({ level: 'error', event: 'certificate not replaced, the old one stays', reason })
    }
  }

  // One renewal makes many events, and certificate and key change one after the other.
  const schedule = (): void => void (pending ??= setTimeout(reload, 100).unref())
  const watchers = [...new Set([files.certificate, files.key].map(path => dirname(path)))].map(folder =>
    watch(folder, { persistent: false }, schedule).on('error', error =>
      log({ level: 'error', event: 'certificate folder not watched', folder, reason: error.message }),
    ),
  )
  return {
    reload,
    close() {
      clearTimeout(pending)
      for (const watcher of watchers) watcher.close()
    },
  }
}
