import AttributeEditor, { type AttributeEditorProps } from '@cloudscape-design/components/attribute-editor'
import Input from '@cloudscape-design/components/input'
import Box from '@cloudscape-design/components/box'
import { useRef, type ReactNode } from 'react'
import { useT } from '../../i18n/index.tsx'
import { ListedInput } from './inputs.tsx'

export interface Pair {
  name: string
  value: string
}

/** Names and values, one row each. */
export function Pairs({
  pairs,
  onChange,
  nameLabel,
  addLabel,
  empty,
  listed,
  label,
  description,
}: {
  label: string
  description: string
  pairs: readonly Pair[]
  onChange: (pairs: readonly Pair[]) => void
  nameLabel: string
  addLabel: string
  empty: string
  /** Names to suggest. */
  listed?: readonly string[]
}): ReactNode {
  const t = useT()
  const editor = useRef<AttributeEditorProps.Ref>(null)
  const change = (index: number, changed: Partial<Pair>): void =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...changed } : pair)))
  return (
    <div role="group" aria-label={label}>
      <Box variant="awsui-key-label">{label}</Box>
      <Box color="text-body-secondary" fontSize="body-s" padding={{ bottom: 'xs' }}>
        {description}
      </Box>
      <AttributeEditor
        ref={editor}
        items={pairs}
        addButtonText={addLabel}
        removeButtonText={t('common.remove')}
        removeButtonAriaLabel={({ name }: Pair) => t('access.removePair', { name })}
        empty={empty}
        onAddButtonClick={() => onChange([...pairs, { name: '', value: '' }])}
        onRemoveButtonClick={({ detail: { itemIndex } }) => {
          onChange(pairs.filter((_, index) => index !== itemIndex))
          // The button that had the focus is gone.
          if (pairs.length > 1) editor.current?.focusRemoveButton(Math.min(itemIndex, pairs.length - 2))
          else editor.current?.focusAddButton()
        }}
        definition={[
          {
            label: nameLabel,
            control: ({ name }, index) =>
              listed ? (
                <ListedInput value={name} listed={listed} onChange={changed => change(index, { name: changed })} />
              ) : (
                <Input
                  value={name}
                  spellcheck={false}
                  onChange={({ detail }) => change(index, { name: detail.value })}
                />
              ),
            errorText: ({ name, value }) => name === '' && value !== '' && t('access.missing'),
          },
          {
            label: t('access.value'),
            control: ({ value }, index) => (
              <Input
                value={value}
                spellcheck={false}
                onChange={({ detail }) => change(index, { value: detail.value })}
              />
            ),
          },
        ]}
      />
    </div>
  )
}

/** Rows that were added and left empty say nothing. */
export const filled = (pairs: readonly Pair[]): Pair[] => pairs.filter(({ name }) => name !== '')

/** Undefined if there are none; of several with one name the last. */
export function record(pairs: readonly Pair[]): Record<string, string> | undefined {
  const given = filled(pairs)
  return given.length === 0 ? undefined : Object.fromEntries(given.map(({ name, value }) => [name, value]))
}

/** The same name again adds a value; an empty value adds none. Undefined without any. */
export function lists(pairs: readonly Pair[]): Record<string, string[]> | undefined {
  const given = filled(pairs)
  if (given.length === 0) return undefined
  const found = new Map<string, string[]>()
  for (const { name, value } of given) found.set(name, [...(found.get(name) ?? []), ...(value === '' ? [] : [value])])
  return Object.fromEntries(found)
}
