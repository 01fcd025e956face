import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Link from '@cloudscape-design/components/link'
import { useMemo, useState, type ReactNode } from 'react'
import { useChange, useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { FormDialog } from './dialogs.tsx'
import type { List } from './iam.ts'
import { Cell, EntityTable } from './table.tsx'
import { issuerOf } from './trust.tsx'

export default function Providers(): ReactNode {
  const t = useT()
  const { date } = useDates()
  const places = usePlaces()
  const { data, error, isPending, refetch } = useIam('ListOpenIDConnectProviders', {})
  const items = useMemo(() => (data?.OpenIDConnectProviderList ?? []).map(({ Arn = '' }) => Arn), [data])
  const list: List<string> = { items, error, isLoading: isPending, isComplete: data !== undefined, refetch }
  const [isCreating, setCreating] = useState(false)
  return (
    <Page title={t('identities.providers')} trail={[]} hasHeader={false}>
      <EntityTable
        name="providers"
        heading="h1"
        title={t('identities.providers')}
        description={t('identities.providersText')}
        list={list}
        idOf={arn => arn}
        search={arn => [arn]}
        empty={{ title: t('identities.noProviders') }}
        actions={
          <Button variant="primary" onClick={() => setCreating(true)}>
            {t('identities.createProvider')}
          </Button>
        }
        columns={[
          {
            id: 'issuer',
            header: t('identities.issuer'),
            cell: arn => <Link href={href(places.provider(arn))}>{issuerOf(arn)}</Link>,
            sortingComparator: (a, b) => (a < b ? -1 : 1),
            isRowHeader: true,
          },
          {
            id: 'audiences',
            header: t('identities.audiences'),
            cell: arn => (
              <ProviderCell arn={arn}>{({ ClientIDList = [] }) => ClientIDList.join(', ') || '–'}</ProviderCell>
            ),
          },
          {
            id: 'created',
            header: t('identities.created'),
            cell: arn => <ProviderCell arn={arn}>{({ CreateDate }) => date(CreateDate)}</ProviderCell>,
          },
        ]}
      />
      {isCreating && <CreateProvider onClose={() => setCreating(false)} />}
    </Page>
  )
}

function ProviderCell({
  arn,
  children,
}: {
  arn: string
  children: (provider: { ClientIDList?: string[]; CreateDate?: number }) => ReactNode
}): ReactNode {
  const query = useIam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn: arn })
  return <Cell query={query}>{data => children(data as { ClientIDList?: string[]; CreateDate?: number })}</Cell>
}

function CreateProvider({ onClose }: { onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [url, setUrl] = useState('https://')
  const [audiences, setAudiences] = useState<readonly string[]>([''])
  const [isTried, setTried] = useState(false)
  const isUrl = /^https:\/\/[^/?#\s]+/.test(url.trim()) && URL.canParse(url.trim())
  const given = audiences.map(audience => audience.trim()).filter(audience => audience !== '')
  const change = useChange(api => api.iam('CreateOpenIDConnectProvider', { Url: url.trim(), ClientIDList: given }), {
    onSuccess({ OpenIDConnectProviderArn: arn = '' }) {
      notify(t('identities.providerCreated', { name: issuerOf(arn) }), {
        action: <Button href={href(places.provider(arn))}>{t('identities.viewProvider')}</Button>,
      })
      onClose()
    },
  })
  return (
    <FormDialog
      title={t('identities.createProvider')}
      submitLabel={t('identities.createProvider')}
      isBusy={change.isPending}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (isUrl && given.length > 0) change.mutate()
      }}
      onClose={onClose}
    >
      <FormField
        label={t('identities.issuerUrl')}
        description={t('identities.issuerUrlText')}
        errorText={isTried && !isUrl && t('identities.issuerUrlWrong')}
      >
        <Input
          value={url}
          type="url"
          inputMode="url"
          autoComplete={false}
          spellcheck={false}
          onChange={({ detail }) => setUrl(detail.value)}
        />
      </FormField>
      <FormField
        label={t('identities.audiences')}
        description={t('identities.audiencesText')}
        errorText={isTried && given.length === 0 && t('identities.audienceMissing')}
        stretch
      >
        <AttributeEditor
          items={audiences}
          addButtonText={t('identities.addAudience')}
          removeButtonAriaLabel={audience => t('identities.removeOne', { name: audience })}
          empty={t('identities.noAudiences')}
          onAddButtonClick={() => setAudiences([...audiences, ''])}
          onRemoveButtonClick={({ detail }) => setAudiences(audiences.filter((_, index) => index !== detail.itemIndex))}
          definition={[
            {
              label: t('identities.audience'),
              control: (audience, index) => (
                <Input
                  value={audience}
                  autoComplete={false}
                  spellcheck={false}
                  onChange={({ detail }) =>
                    setAudiences(audiences.map((other, at) => (at === index ? detail.value : other)))
                  }
                />
              ),
            },
          ]}
        />
      </FormField>
    </FormDialog>
  )
}
