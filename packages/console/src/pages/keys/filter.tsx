import PropertyFilter, { type PropertyFilterProps } from '@cloudscape-design/components/property-filter'
import { useMemo, type ReactNode } from 'react'
import { useLanguage, useT } from '../../i18n/index.tsx'
import type { Facets } from './facets.ts'
import { useLabels } from './labels.ts'
import { tagProperty } from './match.ts'
import { keyStates, origins, regionalities } from './values.ts'

type Query = PropertyFilterProps.Query
type Property = PropertyFilterProps.FilteringProperty

export const noQuery: Query = { tokens: [], operation: 'and' }

const ofText = [':', '!:', '=', '!=', '^'] as const
const ofChoice = ['=', '!='] as const
const ofDay = ['=', '!=', '<', '<=', '>', '>='] as const
/** Days that are suggested, by how long ago they are. */
const days = [0, 1, 7, 30, 90, 365]

/** Over the table: what the keys are to have in common. */
export function KeyFilter({
  query,
  facets,
  countText,
  onChange,
}: {
  query: Query
  facets: Facets
  countText: string
  onChange: (query: Query) => void
}): ReactNode {
  const t = useT()
  const labels = useLabels()
  const language = useLanguage()
  const properties = useMemo((): Property[] => {
    const property = (key: string, label: string, rest: Partial<Property> = {}): Property => ({
      key,
      propertyLabel: label,
      groupValuesLabel: t('keys.filterValues', { property: label }),
      operators: ofText,
      defaultOperator: ':',
      ...rest,
    })
    const choice = { operators: ofChoice, defaultOperator: '=' } as const
    return [
      property('alias', t('keys.alias')),
      property('keyId', t('keys.keyId')),
      property('state', t('keys.status'), choice),
      property('spec', t('keys.keySpec'), { ...choice, operators: ofText }),
      property('usage', t('keys.keyUsage'), choice),
      property('origin', t('keys.originLabel'), choice),
      property('regionality', t('keys.regionalityLabel'), choice),
      property('description', t('keys.description')),
      property('created', t('keys.created'), { operators: ofDay, defaultOperator: '>=' }),
      property('keyStore', t('keys.keyStore'), choice),
      property('tagKey', t('keys.tagKey'), { group: 'tags' }),
      property('tagValue', t('keys.tagValue'), { group: 'tags' }),
      ...[...facets.tags.keys()].map(key =>
        property(tagProperty(key), t('keys.tagNamed', { key }), { group: 'tags', defaultOperator: '=' }),
      ),
    ]
    // The facets are filled before they are shown, and grow no more.
  }, [t, facets, facets.tags.size])
  const options = useMemo(() => {
    const all = (
      propertyKey: string,
      values: Iterable<string>,
      label?: (value: string) => string | undefined,
    ): PropertyFilterProps.FilteringOption[] =>
      [...values].map(value => ({ propertyKey, value, label: label?.(value) ?? value }))
    const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
    return [
      ...all('state', keyStates, labels.state),
      ...all('spec', [...facets.specs].toSorted()),
      ...all('usage', facets.usages, labels.usage),
      ...all('origin', origins, labels.origin),
      ...all('regionality', regionalities, labels.regionality),
      ...days.map(ago => ({ propertyKey: 'created', value: dayBefore(ago), tags: [format.format(-ago, 'day')] })),
      ...all('keyStore', facets.keyStores),
      ...all('tagKey', facets.tags.keys()),
      ...[...facets.tags].flatMap(([key, values]) => all(tagProperty(key), values)),
    ]
  }, [labels, language, facets, facets.tags.size, facets.specs.size])
  return (
    <PropertyFilter
      query={query}
      onChange={({ detail }) => onChange(detail)}
      filteringProperties={properties}
      filteringOptions={options}
      countText={countText}
      virtualScroll
      expandToViewport
      customGroupsText={[
        { group: 'tags', properties: t('keys.tags'), values: t('keys.filterValues', { property: t('keys.tags') }) },
      ]}
      filteringAriaLabel={t('keys.filter')}
      filteringPlaceholder={t('keys.filter')}
      filteringEmpty={t('keys.filterEmpty')}
      i18nStrings={{ enteredTextLabel: text => t('keys.filterText', { text }) }}
    />
  )
}

/** That many days ago, as filters name days. */
function dayBefore(days: number): string {
  const day = new Date()
  day.setDate(day.getDate() - days)
  const [year, month, date] = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map(part =>
    String(part).padStart(2, '0'),
  )
  return `${year}-${month}-${date}`
}
