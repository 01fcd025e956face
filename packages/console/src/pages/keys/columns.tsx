import Box from '@cloudscape-design/components/box'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import Link from '@cloudscape-design/components/link'
import Popover from '@cloudscape-design/components/popover'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import type { TableProps } from '@cloudscape-design/components/table'
import { useMemo, type ReactNode } from 'react'
import type { KeySummary } from '../../api/types.ts'
import { useDates, useLanguage, useT } from '../../i18n/index.tsx'
import { KeyState, useNow } from '../../ui/parts.tsx'
import { href, usePlaces, useRegion } from '../../ui/places.ts'
import { useLabels } from './labels.ts'
import { aliasText, regionalityOf } from './values.ts'

export interface KeyColumn extends TableProps.ColumnDefinition<KeySummary> {
  id: string
  /** Also how the preferences name it. */
  header: string
  /** By which the list is sorted. */
  sortValue: (key: KeySummary) => string | number | undefined
  isShownAtFirst?: true
}

const none = '–'

/** The columns that the list of keys can have, in the order that they have at first. */
export function useKeyColumns(): readonly KeyColumn[] {
  const t = useT()
  const { date, time } = useDates()
  const labels = useLabels()
  const region = useRegion()
  const places = usePlaces()
  return useMemo(() => {
    const of = ({ KeyId }: KeySummary): string => href(places.key(KeyId))
    const columns: KeyColumn[] = [
      {
        id: 'alias',
        header: t('keys.alias'),
        minWidth: 140,
        isShownAtFirst: true,
        sortValue: ({ Aliases: [first] = [] }) => first?.toLowerCase(),
        cell: key =>
          key.Denied ? (
            <Box color="text-status-inactive">{t('keys.denied')}</Box>
          ) : (
            <Alias summary={key} to={of(key)} />
          ),
      },
      {
        id: 'keyId',
        header: t('keys.keyId'),
        isRowHeader: true,
        isShownAtFirst: true,
        sortValue: ({ KeyId }) => KeyId,
        cell: key => (
          <span className="one-line">
            <Link href={of(key)} fontSize="body-s">
              {key.KeyId}
            </Link>
            <CopyToClipboard
              variant="icon"
              textToCopy={key.KeyId}
              copyButtonAriaLabel={t('common.copy', { label: key.KeyId })}
              copySuccessText={t('common.copied')}
              copyErrorText={t('common.notCopied')}
            />
          </span>
        ),
      },
      {
        id: 'status',
        header: t('keys.status'),
        isShownAtFirst: true,
        sortValue: ({ KeyState: state }) => labels.state(state),
        cell: ({ KeyState: state, DeletionDate }) => (
          <>
            <span className="one-line">
              <KeyState state={state} />
            </span>
            {DeletionDate !== undefined && (
              <Box fontSize="body-s" color="text-body-secondary">
                {t('keys.deletionOn', { date: date(DeletionDate) })}
              </Box>
            )}
          </>
        ),
      },
      {
        id: 'keySpec',
        header: t('keys.keySpec'),
        isShownAtFirst: true,
        sortValue: ({ KeySpec }) => KeySpec,
        cell: ({ KeySpec = none }) => KeySpec,
      },
      {
        id: 'keyUsage',
        header: t('keys.keyUsage'),
        minWidth: 125,
        isShownAtFirst: true,
        sortValue: ({ KeyUsage }) => labels.usage(KeyUsage),
        cell: ({ KeyUsage }) => labels.usage(KeyUsage) ?? none,
      },
      {
        id: 'origin',
        header: t('keys.originLabel'),
        minWidth: 150,
        sortValue: ({ Origin }) => labels.origin(Origin),
        cell: ({ Origin }) => labels.origin(Origin) ?? none,
      },
      {
        id: 'regionality',
        header: t('keys.regionalityLabel'),
        minWidth: 140,
        sortValue: key => labels.regionality(regionalityOf(key)),
        cell: key => labels.regionality(regionalityOf(key)) ?? none,
      },
      {
        id: 'created',
        header: t('keys.created'),
        isShownAtFirst: true,
        sortValue: ({ CreationDate }) => CreationDate,
        cell: ({ CreationDate }) => (
          <span className="one-line" title={time(CreationDate)}>
            {date(CreationDate)}
          </span>
        ),
      },
      {
        id: 'expiry',
        header: t('keys.expiry'),
        minWidth: 170,
        sortValue: ({ ValidTo }) => ValidTo,
        cell: key => <Expiry summary={key} />,
      },
      {
        id: 'lastUsed',
        header: t('keys.lastUsed'),
        minWidth: 135,
        sortValue: ({ LastUsedDate }) => LastUsedDate,
        cell: ({ LastUsedDate, LastUsedOperation }) =>
          LastUsedDate === undefined ? (
            none
          ) : (
            <span title={time(LastUsedDate)}>
              {date(LastUsedDate)}
              <Box fontSize="body-s" color="text-body-secondary">
                {LastUsedOperation}
              </Box>
            </span>
          ),
      },
      {
        id: 'description',
        header: t('keys.description'),
        minWidth: 200,
        sortValue: ({ Description }) => Description?.toLowerCase() || undefined,
        cell: ({ Description }) => <span className="broken">{Description || none}</span>,
      },
      { id: 'region', header: t('keys.region'), minWidth: 120, sortValue: () => region, cell: () => region },
    ]
    // The table hands it back when a column is sorted by; the sorting is ours.
    return columns.map(column => ({ ...column, sortingField: column.id }))
  }, [t, date, time, labels, places, region])
}

/** The first, and behind it how many others there are. */
function Alias({
  summary: { Aliases: [first, ...others] = [], AliasCount = others.length + 1 },
  to,
}: {
  summary: KeySummary
  to: string
}): ReactNode {
  const t = useT()
  if (first === undefined) return none
  const more = AliasCount - 1
  return (
    <>
      <Link href={to}>{aliasText(first)}</Link>
      {more > 0 && (
        <>
          {' '}
          <Popover
            size="medium"
            header={t('keys.otherAliases')}
            dismissAriaLabel={t('common.close')}
            triggerType="text-inline"
            triggerAriaLabel={t('keys.showAliases', { count: more })}
            content={
              <ul className="plain-list">
                {others.map(name => (
                  <li key={name}>{aliasText(name)}</li>
                ))}
                {more > others.length && <li>{t('keys.moreAliases', { count: more - others.length })}</li>}
              </ul>
            }
          >
            +{more}
          </Popover>
        </>
      )}
    </>
  )
}

const day = 86_400
/** Nearer than that, the time that is left is said. */
const near = 30 * day

function Expiry({ summary: { ExpirationModel, ValidTo, Origin } }: { summary: KeySummary }): ReactNode {
  const t = useT()
  const { date, time } = useDates()
  const language = useLanguage()
  const now = useNow(60_000) / 1000
  if (ValidTo === undefined) {
    const isForever = Origin === 'EXTERNAL' && ExpirationModel === 'KEY_MATERIAL_DOES_NOT_EXPIRE'
    return isForever ? t('keys.neverExpires') : none
  }
  const left = ValidTo - now
  if (left <= 0) return <StatusIndicator type="error">{t('keys.expired', { date: date(ValidTo) })}</StatusIndicator>
  if (left > near) return <span title={time(ValidTo)}>{date(ValidTo)}</span>
  const [count, unit] =
    left >= day
      ? ([Math.floor(left / day), 'day'] as const)
      : left >= 3600
        ? ([Math.floor(left / 3600), 'hour'] as const)
        : ([Math.ceil(left / 60), 'minute'] as const)
  const text = new Intl.RelativeTimeFormat(language, { numeric: 'always' }).format(count, unit)
  return (
    <span title={time(ValidTo)}>
      <StatusIndicator type="warning">{t('keys.expires', { text })}</StatusIndicator>
      <Box fontSize="body-s" color="text-body-secondary">
        {date(ValidTo)}
      </Box>
    </span>
  )
}
