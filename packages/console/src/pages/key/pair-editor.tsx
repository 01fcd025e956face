import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import Input from '@cloudscape-design/components/input'
import type { ReactNode } from 'react'
import { useT } from '../../i18n/index.tsx'

export interface Pair {
  name: string
  value: string
}

/** As the API has them; undefined if there are none. */
export const recordOf = (pairs: readonly Pair[]): Record<string, string> | undefined =>
  pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(({ name, value }) => [name, value]))

/** Whether each has a name, and no two the same. */
export const areComplete = (pairs: readonly Pair[]): boolean =>
  pairs.every(({ name }) => name !== '') && new Set(pairs.map(({ name }) => name)).size === pairs.length

/** Pairs of an encryption context. */
export function PairEditor({
  pairs,
  most,
  onChange,
}: {
  pairs: readonly Pair[]
  /** How many there may be. */
  most?: number
  onChange: (pairs: readonly Pair[]) => void
}): ReactNode {
  const t = useT()
  const change = (index: number, changed: Partial<Pair>): void =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...changed } : pair)))
  const isDouble = (name: string): boolean => pairs.filter(pair => pair.name === name).length > 1
  return (
    <AttributeEditor
      items={pairs}
      addButtonText={t('key.pairs.add')}
      empty={t('key.pairs.empty')}
      disableAddButton={most !== undefined && pairs.length >= most}
      removeButtonText={t('common.remove')}
      removeButtonAriaLabel={({ name }) => t('key.pairs.remove', { name })}
      onAddButtonClick={() => onChange([...pairs, { name: '', value: '' }])}
      onRemoveButtonClick={({ detail }) => onChange(pairs.filter((_, index) => index !== detail.itemIndex))}
      definition={[
        {
          label: t('key.pairs.name'),
          control: ({ name }, index) => (
            <Input value={name} spellcheck={false} onChange={({ detail }) => change(index, { name: detail.value })} />
          ),
          errorText: ({ name }) => (name !== '' && isDouble(name) ? t('key.pairs.double') : undefined),
        },
        {
          label: t('key.pairs.value'),
          control: ({ value }, index) => (
            <Input value={value} spellcheck={false} onChange={({ detail }) => change(index, { value: detail.value })} />
          ),
        },
      ]}
    />
  )
}
