import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useRef, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useChange, useIam } from '../../api/hooks.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Page } from '../../ui/page.tsx'
import { Copy, Loaded } from '../../ui/parts.tsx'
import { usePlaces } from '../../ui/places.ts'
import { FormDialog, Removal } from './dialogs.tsx'
import { useIamList, type List } from './iam.ts'
import { Facts, TabbedParts } from './parts.tsx'
import { EntityTable } from './table.tsx'
import { TagsTable } from './tags.tsx'
import { issuerOf } from './trust.tsx'

export default function Provider({ arn }: { arn: string }): ReactNode {
  const t = useT()
  const { time } = useDates()
  const places = usePlaces()
  const [, go] = useLocation()
  const named = { OpenIDConnectProviderArn: arn }
  const query = useIam('GetOpenIDConnectProvider', named)
  const [isDeleting, setDeleting] = useState(false)
  const issuer = issuerOf(arn)
  return (
    <Page
      title={issuer}
      trail={[{ text: t('identities.providers'), place: places.providers }]}
      actions={<Button onClick={() => setDeleting(true)}>{t('identities.deleteProvider')}</Button>}
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">{t('identities.summary')}</Header>}>
          <Loaded query={query}>
            {({ CreateDate, ThumbprintList = [] }) => (
              <Facts
                items={[
                  { label: 'ARN', value: <Copy text={arn} label="ARN" /> },
                  { label: t('identities.issuerUrl'), value: <Copy text={`https://${issuer}`} label="URL" /> },
                  { label: t('identities.created'), value: time(CreateDate) },
                  {
                    label: t('identities.thumbprints'),
                    value: ThumbprintList.length === 0 ? '–' : ThumbprintList.join(', '),
                  },
                ]}
              />
            )}
          </Loaded>
        </Container>
        <TabbedParts
          place={places.provider(arn)}
          label={issuer}
          parts={[
            { id: 'audiences', label: t('identities.audiences'), content: <Audiences arn={arn} /> },
            { id: 'tags', label: t('identities.tags'), content: <ProviderTags arn={arn} /> },
          ]}
        />
      </SpaceBetween>
      {isDeleting && (
        <Removal
          title={t('identities.deleteProvider')}
          confirmLabel={t('common.delete')}
          phrase={issuer}
          remove={api => api.iam('DeleteOpenIDConnectProvider', named)}
          onRemoved={() => {
            notify(t('identities.deleted', { name: issuer }))
            go(places.providers)
          }}
          onClose={() => setDeleting(false)}
        >
          {t('identities.deleteProviderText', { name: issuer })}
        </Removal>
      )}
    </Page>
  )
}

/** For whom tokens of the issuer are good here. */
function Audiences({ arn }: { arn: string }): ReactNode {
  const t = useT()
  const named = { OpenIDConnectProviderArn: arn }
  const { data, error, isPending, refetch } = useIam('GetOpenIDConnectProvider', named)
  const [adding, setAdding] = useState<string>()
  const [removing, setRemoving] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  const list: List<string> = {
    items: data?.ClientIDList ?? [],
    error,
    isLoading: isPending,
    isComplete: data !== undefined,
    refetch,
  }
  const add = useChange(
    (api, ClientID: string) => api.iam('AddClientIDToOpenIDConnectProvider', { ...named, ClientID }),
    { onSuccess: () => setAdding(undefined) },
  )
  return (
    <>
      <EntityTable
        name="audiences"
        title={t('identities.audiences')}
        description={t('identities.audiencesText')}
        list={list}
        idOf={audience => audience}
        empty={{ title: t('identities.noAudiences') }}
        actions={
          <Button
            ref={button}
            onClick={() => {
              add.reset()
              setAdding('')
            }}
          >
            {t('identities.addAudience')}
          </Button>
        }
        columns={[
          { id: 'audience', header: t('identities.audience'), cell: audience => audience, isRowHeader: true },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: audience => (
              <Button
                variant="inline-link"
                ariaLabel={t('identities.removeOne', { name: audience })}
                onClick={() => setRemoving(audience)}
              >
                {t('common.remove')}
              </Button>
            ),
          },
        ]}
      />
      {adding !== undefined && (
        <FormDialog
          title={t('identities.addAudience')}
          submitLabel={t('identities.addAudience')}
          isBusy={add.isPending}
          isDisabled={adding.trim() === ''}
          error={add.error}
          onSubmit={() => add.mutate(adding.trim())}
          onClose={() => setAdding(undefined)}
        >
          <FormField label={t('identities.audience')} description={t('identities.audienceText')}>
            <Input
              value={adding}
              autoComplete={false}
              spellcheck={false}
              onChange={({ detail }) => setAdding(detail.value)}
            />
          </FormField>
        </FormDialog>
      )}
      {removing !== undefined && (
        <Removal
          title={t('identities.removeAudience')}
          confirmLabel={t('common.remove')}
          remove={api => api.iam('RemoveClientIDFromOpenIDConnectProvider', { ...named, ClientID: removing })}
          onClose={() => setRemoving(undefined)}
          focus={button}
        >
          {t('identities.removeAudienceText', { audience: removing })}
        </Removal>
      )}
    </>
  )
}

function ProviderTags({ arn }: { arn: string }): ReactNode {
  const named = { OpenIDConnectProviderArn: arn }
  const list = useIamList('ListOpenIDConnectProviderTags', named, 'Tags')
  return (
    <TagsTable
      list={list}
      tag={(api, Tags) => api.iam('TagOpenIDConnectProvider', { ...named, Tags })}
      untag={(api, TagKeys) => api.iam('UntagOpenIDConnectProvider', { ...named, TagKeys })}
    />
  )
}
