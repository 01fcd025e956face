import Button from '@cloudscape-design/components/button'
import DateRangePicker, { type DateRangePickerProps } from '@cloudscape-design/components/date-range-picker'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Grid from '@cloudscape-design/components/grid'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { useLanguage, useT } from '../../i18n/index.tsx'
import { useRegions } from '../../ui/places.ts'
import { KeyInput, ListedInput, PrincipalInput } from '../access/inputs.tsx'
import { errorCodes, eventNames } from './names.ts'
import type { Filter, FilterName } from './search.ts'

/** Asks what to look for. Nothing is looked for before it is sent. */
export function FilterForm({
  filter,
  isOfKey,
  onChange,
}: {
  filter: Filter
  /** The key is given by the page. */
  isOfKey: boolean
  onChange: (filter: Filter) => void
}): ReactNode {
  const t = useT()
  const { regions } = useRegions()
  const [draft, setDraft] = useState(filter)
  const set = (name: FilterName, value: string): void => setDraft({ ...draft, [name]: value })
  const of = (name: FilterName): string => draft[name] ?? ''
  const isMore = [filter.error, filter.kind, filter.region, filter.text].some(value => value !== undefined)
  const kinds = [
    { value: '', label: t('audit.kind.all') },
    { value: 'read', label: t('audit.kind.read') },
    { value: 'write', label: t('audit.kind.write') },
  ]
  const places = [
    { value: '', label: t('audit.region.all') },
    ...regions.map(region => ({ value: region, label: region })),
  ]
  const isFiltered = Object.values(filter).some(value => value !== undefined && value !== '')
  const width = isOfKey ? ({ default: 12, xs: 4 } as const) : ({ default: 12, xxs: 6, s: 3 } as const)
  const quarter = { default: 12, xxs: 6, s: 3 } as const
  return (
    <form
      role="search"
      aria-label={t('audit.filter')}
      onSubmit={event => {
        event.preventDefault()
        onChange(draft)
      }}
    >
      <SpaceBetween size="s">
        <Grid gridDefinition={(isOfKey ? [1, 2, 3] : [1, 2, 3, 4]).map(() => ({ colspan: width }))}>
          <FormField label={t('audit.range')}>
            <Range filter={draft} onChange={range => setDraft({ ...draft, ...range })} />
          </FormField>
          <FormField label={t('audit.operation')}>
            <ListedInput
              value={of('operation')}
              listed={eventNames}
              placeholder={t('audit.all')}
              onChange={value => set('operation', value)}
            />
          </FormField>
          <FormField label={t('audit.principal')}>
            <PrincipalInput
              value={of('principal')}
              placeholder={t('audit.principal.placeholder')}
              onChange={value => set('principal', value)}
            />
          </FormField>
          {!isOfKey && (
            <FormField label={t('audit.key')}>
              <KeyInput
                value={of('key')}
                placeholder={t('audit.key.placeholder')}
                onChange={value => set('key', value)}
              />
            </FormField>
          )}
        </Grid>
        <ExpandableSection headerText={t('audit.moreFilters')} defaultExpanded={isMore}>
          <Grid gridDefinition={[1, 2, 3, 4].map(() => ({ colspan: quarter }))}>
            <FormField label={t('audit.error')} constraintText={t('audit.error.constraint')}>
              <ListedInput
                value={of('error')}
                listed={errorCodes}
                placeholder={t('audit.error.all')}
                onChange={value => set('error', value)}
              />
            </FormField>
            <FormField label={t('audit.kind')}>
              <Select
                options={kinds}
                selectedOption={kinds.find(({ value }) => value === of('kind')) ?? null}
                onChange={({ detail }) => set('kind', detail.selectedOption.value ?? '')}
              />
            </FormField>
            <FormField label={t('audit.region')}>
              <Select
                options={places}
                selectedOption={places.find(({ value }) => value === of('region')) ?? null}
                onChange={({ detail }) => set('region', detail.selectedOption.value ?? '')}
              />
            </FormField>
            <FormField label={t('audit.text')} constraintText={t('audit.text.constraint')}>
              <Input value={of('text')} spellcheck={false} onChange={({ detail }) => set('text', detail.value)} />
            </FormField>
          </Grid>
        </ExpandableSection>
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" iconName="search" formAction="submit">
            {t('audit.search')}
          </Button>
          {isFiltered && (
            <Button
              formAction="none"
              onClick={() => {
                setDraft({})
                onChange({})
              }}
            >
              {t('audit.clear')}
            </Button>
          )}
        </SpaceBetween>
      </SpaceBetween>
    </form>
  )
}

const units = { m: 'minute', h: 'hour', d: 'day', w: 'week' } as const
const letters: Readonly<Record<string, string>> = { second: 's', minute: 'm', hour: 'h', day: 'd', week: 'w' }

const relative: readonly DateRangePickerProps.RelativeOption[] = [
  { key: '15m', amount: 15, unit: 'minute', type: 'relative' },
  { key: '1h', amount: 1, unit: 'hour', type: 'relative' },
  { key: '12h', amount: 12, unit: 'hour', type: 'relative' },
  { key: '1d', amount: 1, unit: 'day', type: 'relative' },
  { key: '7d', amount: 7, unit: 'day', type: 'relative' },
  { key: '30d', amount: 30, unit: 'day', type: 'relative' },
]

function Range({
  filter: { last, from, to },
  onChange,
}: {
  filter: Filter
  onChange: (range: Record<'last' | 'from' | 'to', string>) => void
}): ReactNode {
  const t = useT()
  const language = useLanguage()
  return (
    <DateRangePicker
      value={valueOf(last, from, to)}
      relativeOptions={relative}
      customRelativeRangeUnits={['minute', 'hour', 'day', 'week']}
      locale={language}
      absoluteFormat="long-localized"
      expandToViewport
      placeholder={t('audit.range.all')}
      isValidRange={range =>
        range?.type === 'absolute' && !(Date.parse(range.startDate) <= Date.parse(range.endDate))
          ? { valid: false, errorMessage: t('audit.range.invalid') }
          : { valid: true }
      }
      i18nStrings={{
        ariaLabel: t('audit.range'),
        formatRelativeRange: ({ amount, unit }) => t('audit.range.last', { amount, unit }),
        formatUnit: (unit, amount) => t('audit.range.unit', { amount, unit }),
      }}
      onChange={({ detail: { value } }) =>
        onChange({
          last: value?.type === 'relative' ? `${value.amount}${letters[value.unit] ?? 'd'}` : '',
          from: value?.type === 'absolute' ? value.startDate : '',
          to: value?.type === 'absolute' ? value.endDate : '',
        })
      }
    />
  )
}

function valueOf(
  last: string | undefined,
  from: string | undefined,
  to: string | undefined,
): DateRangePickerProps.Value | null {
  const [, amount, letter = ''] = /^(\d{1,6})([mhdw])$/.exec(last ?? '') ?? []
  if (amount !== undefined) {
    const unit = units[letter as keyof typeof units] // One of these, by the pattern.
    const key = relative.find(option => option.amount === Number(amount) && option.unit === unit)?.key
    return { type: 'relative', amount: Number(amount), unit, ...(key !== undefined && { key }) }
  }
  return from && to ? { type: 'absolute', startDate: from, endDate: to } : null
}
