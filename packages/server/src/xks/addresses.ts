import { X509Certificate } from 'node:crypto'
import { lookup, type LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'

/**
 * Where nobody is called, be it a key store proxy or an identity provider, since their names are callers' choices: what only
 * this machine or its link can reach. IPv4 addresses in IPv6 notation (RFC 4291 section 2.5.5.2) fall under the rules for
 * IPv4; those of NAT64 (RFC 6052) have rules of their own.
 */
const refused = new BlockList()
refused.addSubnet('0.0.0.0', 8, 'ipv4') // "This host" (RFC 1122 section 3.2.1.3); Linux connects to itself.
refused.addSubnet('169.254.0.0', 16, 'ipv4') // Link-local, among them the metadata services of clouds.
refused.addSubnet('224.0.0.0', 3, 'ipv4') // Multicast, reserved, broadcast.
refused.addAddress('100.100.100.200', 'ipv4') // Metadata services elsewhere.
refused.addAddress('192.0.0.192', 'ipv4')
refused.addAddress('::', 'ipv6')
refused.addSubnet('fe80::', 10, 'ipv6')
refused.addSubnet('ff00::', 8, 'ipv6')
refused.addAddress('fd00:ec2::254', 'ipv6')
refused.addSubnet('64:ff9b::', 104, 'ipv6')
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
refused.addSubnet('64:ff9b::e000:0', 99, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
loopback.addSubnet('64:ff9b::7f00:0', 104, 'ipv6')

/** Whether a connection to this IP address may be made. */
export function isAllowed(address: string, allowLoopback: boolean): boolean {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (isIP(address) === 0 || refused.check(address, family)) return false
  return allowLoopback || !loopback.check(address, family)
}

/** A look-up that finds only addresses to which a connection may be made: no second look-up comes in between. */
export function lookupAllowed(allowLoopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: readonly LookupAddress[]) => {
      if (error) return callback(error, [])
      const allowed = found.filter(({ address }) => isAllowed(address, allowLoopback))
      const [first] = allowed
      if (!first) return callback(new Error('no allowed address'), [])
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

/**
 * The certificates of authorities in a PEM file. Node would take a file without any, and then trust nobody.
 *
 * @param option that names the file
 * @throws Error, as a sentence for the operator
 */
export function readAuthorities(option: string, path: string): Buffer {
  try {
    const pem = readFileSync(path)
    void new X509Certificate(pem)
    return pem
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${option} names ${path}, which cannot be used: ${reason}`, { cause: error })
  }
}
