/** What an external key store proxy does for us (AWS's XKS Proxy API Specification, version 1.0). */
export type ExternalKeys = Readonly<Record<never, never>>
