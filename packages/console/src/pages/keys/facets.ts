import type { KeySummary } from '../../api/types.ts'

/** What filters can offer to choose from: never so much that choosing would be slow. */
const most = 100

/** What occurs in a list of keys, gathered as its pages come. */
export class Facets {
  readonly specs = new Set<string>()
  readonly usages = new Set<string>()
  readonly keyStores = new Set<string>()
  /** Values by tag keys. */
  readonly tags = new Map<string, Set<string>>()

  add(keys: readonly KeySummary[]): void {
    for (const { KeySpec, KeyUsage, CustomKeyStoreId, Tags = [] } of keys) {
      if (KeySpec !== undefined) this.specs.add(KeySpec)
      if (KeyUsage !== undefined) this.usages.add(KeyUsage)
      if (CustomKeyStoreId !== undefined) this.keyStores.add(CustomKeyStoreId)
      for (const { TagKey, TagValue } of Tags) {
        let values = this.tags.get(TagKey)
        if (!values && this.tags.size < most) this.tags.set(TagKey, (values = new Set()))
        if (values && values.size < most) values.add(TagValue)
      }
    }
  }
}
