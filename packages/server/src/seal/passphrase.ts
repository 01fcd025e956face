import { argon2, createSecretKey } from 'node:crypto'
import { promisify } from 'node:util'
import { unwrapKwp, wrapKwp } from '../crypto/kwp.ts'
import { random } from '../crypto/random.ts'
import { SealError, type RootKey } from './seal.ts'

/** What one guess costs: passes over so many KiB of memory in so many lanes (RFC 9106, section 3.1). */
interface Cost {
  readonly passes: number
  readonly memory: number
  readonly lanes: number
}

/** The second choice of RFC 9106, section 4; the first takes 2 GiB. Some tenths of a second, once a start. */
const cost: Cost = { passes: 3, memory: 64 * 1024, lanes: 4 }
/** Nobody but us writes more, and whoever alters the store must not make the server take all the memory there is. */
const greatestCost: Cost = { passes: 64, memory: 4 * 1024 * 1024, lanes: 64 }

const fewestCharacters = 12

/**
 * Wrapped bytes are `01 || u32 passes || u32 KiB of memory || u32 lanes || 16 bytes of salt`, then AES-256-KWP (RFC 5649)
 * under Argon2id of the passphrase.
 */
const version = 0x01
const saltAt = 13
const wrappedAt = saltAt + 16

/**
 * A passphrase (UTF-8, taken byte for byte, copied) as root key. Nothing but its quality stands between a stolen store and
 * what is in it, so a short one seals no new store.
 */
export function openPassphrase(passphrase: Uint8Array): RootKey {
  const message = createSecretKey(passphrase)
  const derive = async (salt: Uint8Array, { passes, memory, lanes }: Cost): Promise<Buffer> => {
    const bytes = message.export()
    try {
      return await argon2id('argon2id', {
        message: bytes,
        nonce: salt,
        passes,
        memory,
        parallelism: lanes,
        tagLength: 32,
      })
    } finally {
      bytes.fill(0)
    }
  }
  const characters = countCharacters(passphrase)
  return {
    kind: 'passphrase',
    name: 'passphrase',
    async wrap(secret) {
      if (characters < fewestCharacters) {
        throw new SealError(
          `The passphrase is too short: it has ${characters} characters, and needs ${fewestCharacters} or more. Several words chosen at random are best.`,
        )
      }
      const header = Buffer.alloc(wrappedAt)
      header[0] = version
      header.writeUInt32BE(cost.passes, 1)
      header.writeUInt32BE(cost.memory, 5)
      header.writeUInt32BE(cost.lanes, 9)
      header.set(random(wrappedAt - saltAt), saltAt)
      const kek = await derive(header.subarray(saltAt), cost)
      try {
        return Buffer.concat([header, wrapKwp(kek, secret)])
      } finally {
        kek.fill(0)
      }
    },
    async unwrap(wrapped) {
      const bytes = Buffer.from(wrapped)
      if (bytes.length < wrappedAt || bytes[0] !== version) return undefined
      const used = { passes: bytes.readUInt32BE(1), memory: bytes.readUInt32BE(5), lanes: bytes.readUInt32BE(9) }
      requireFitting(used)
      const kek = await derive(bytes.subarray(saltAt, wrappedAt), used)
      try {
        return unwrapKwp(kek, bytes.subarray(wrappedAt))
      } finally {
        kek.fill(0)
      }
    },
  }
}

const argon2id = promisify(argon2)

/** @throws SealError for a cost that we never wrote */
function requireFitting(used: Cost): void {
  for (const name of ['passes', 'memory', 'lanes'] as const) {
    if (used[name] >= cost[name] && used[name] <= greatestCost[name]) continue
    throw new SealError(
      `The store wants the passphrase stretched with ${name} ${used[name]}, which is ${used[name] < cost[name] ? 'less' : 'more'} than this server ever sets. The store was altered: restore it from a backup.`,
    )
  }
}

/** Of UTF-8: every byte that does not continue a character begins one. */
function countCharacters(text: Uint8Array): number {
  return text.filter(byte => (byte & 0xc0) !== 0x80).length
}
