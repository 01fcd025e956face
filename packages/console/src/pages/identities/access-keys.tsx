import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useRef, useState, type ReactNode } from 'react'
import { useChange, useIam } from '../../api/hooks.ts'
import { endpointText } from '../../api/client.ts'
import { useDates, useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { Code, Copy, download } from '../../ui/parts.tsx'
import { useRegion } from '../../ui/places.ts'
import { Removal } from './dialogs.tsx'
import { useIamList } from './iam.ts'
import { Cell, EntityTable } from './table.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'

/** As many as IAM lets a user have. */
const most = 2

export interface MadeAccessKey {
  id: string
  secret: string
}

/** The access keys of a user. */
export function AccessKeys({ user }: { user: string }): ReactNode {
  const t = useT()
  const { date } = useDates()
  const list = useIamList('ListAccessKeys', { UserName: user }, 'AccessKeyMetadata')
  const [made, setMade] = useState<MadeAccessKey>()
  const [deleting, setDeleting] = useState<string>()
  const button = useRef<ButtonProps.Ref>(null)
  // It gives nothing back: what a change answers is kept for longer than a secret may be.
  const create = useChange(async api => {
    setMade(madeOf(await api.iam('CreateAccessKey', { UserName: user })))
  })
  const change = useChange((api, { id, status }: { id: string; status: 'Active' | 'Inactive' }) =>
    api.iam('UpdateAccessKey', { UserName: user, AccessKeyId: id, Status: status }),
  )
  return (
    <>
      <SpaceBetween size="m">
        <ErrorAlert error={create.error ?? change.error} />
        <EntityTable
          name="access-keys"
          title={t('identities.accessKeys')}
          description={t('identities.accessKeysText')}
          list={list}
          idOf={({ AccessKeyId = '' }) => AccessKeyId}
          empty={{ title: t('identities.noAccessKeys') }}
          actions={
            <Button
              ref={button}
              loading={create.isPending}
              disabled={list.items.length >= most}
              disabledReason={t('identities.mostAccessKeys', { most })}
              onClick={() => create.mutate()}
            >
              {t('identities.createAccessKey')}
            </Button>
          }
          columns={[
            {
              id: 'id',
              header: t('identities.accessKeyId'),
              cell: ({ AccessKeyId: id = '' }) => (
                <span className="mono">
                  <Copy text={id} label={id} />
                </span>
              ),
              isRowHeader: true,
            },
            {
              id: 'status',
              header: t('identities.status'),
              cell: ({ Status }) => <AccessKeyStatus status={Status} />,
            },
            { id: 'created', header: t('identities.created'), cell: ({ CreateDate }) => date(CreateDate) },
            {
              id: 'used',
              header: t('identities.lastUsed'),
              cell: ({ AccessKeyId = '' }) => <LastUsed id={AccessKeyId} isWhole />,
            },
            {
              id: 'actions',
              header: t('common.actions'),
              cell: ({ AccessKeyId: id = '', Status }) => (
                <SpaceBetween direction="horizontal" size="m">
                  <Button
                    variant="inline-link"
                    ariaLabel={t(Status === 'Active' ? 'identities.deactivateOne' : 'identities.activateOne', { id })}
                    onClick={() => change.mutate({ id, status: Status === 'Active' ? 'Inactive' : 'Active' })}
                  >
                    {t(Status === 'Active' ? 'identities.deactivate' : 'identities.activate')}
                  </Button>
                  <Button
                    variant="inline-link"
                    ariaLabel={t('identities.deleteOne', { name: id })}
                    onClick={() => setDeleting(id)}
                  >
                    {t('common.delete')}
                  </Button>
                </SpaceBetween>
              ),
            },
          ]}
        />
      </SpaceBetween>
      {made && <NewAccessKey user={user} made={made} onClose={() => setMade(undefined)} />}
      {deleting !== undefined && (
        <Removal
          title={t('identities.deleteAccessKey')}
          confirmLabel={t('common.delete')}
          phrase={deleting}
          remove={api => api.iam('DeleteAccessKey', { UserName: user, AccessKeyId: deleting })}
          onRemoved={() => notify(t('identities.deleted', { name: deleting }))}
          onClose={() => setDeleting(undefined)}
          focus={button}
        >
          <SpaceBetween size="s">
            <Box>{t('identities.deleteAccessKeyText', { user })}</Box>
            <KeyValuePairs items={[{ label: t('identities.lastUsed'), value: <LastUsed id={deleting} isWhole /> }]} />
          </SpaceBetween>
        </Removal>
      )}
    </>
  )
}

export const madeOf = ({
  AccessKey,
}: {
  AccessKey?: { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined } | undefined
}): MadeAccessKey => ({ id: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' })

export function AccessKeyStatus({ status }: { status: string | undefined }): ReactNode {
  const t = useT()
  if (status === 'Active') return <StatusIndicator type="success">{t('identities.active')}</StatusIndicator>
  return <StatusIndicator type="stopped">{t('identities.inactive')}</StatusIndicator>
}

/** When an access key was last used; as a whole, also with what and where. */
export function LastUsed({ id, isWhole = false }: { id: string; isWhole?: boolean }): ReactNode {
  const t = useT()
  const { date, time } = useDates()
  const query = useIam('GetAccessKeyLastUsed', { AccessKeyId: id })
  return (
    <Cell query={query}>
      {({ AccessKeyLastUsed: use }) =>
        use?.LastUsedDate === undefined
          ? t('common.never')
          : isWhole
            ? t('identities.usedWith', {
                time: time(use.LastUsedDate),
                service: use.ServiceName ?? '',
                region: use.Region ?? '',
              })
            : date(use.LastUsedDate)
      }
    </Cell>
  )
}

/** The only time that a secret is shown. It is forgotten with the dialog. */
export function NewAccessKey({
  user,
  made: { id, secret },
  onClose,
}: {
  user: string
  made: MadeAccessKey
  onClose: () => void
}): ReactNode {
  const t = useT()
  const region = useRegion()
  const [isShown, setShown] = useState(false)
  const file = `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
  return (
    <Modal
      visible
      header={t('identities.newAccessKey', { user })}
      closeAriaLabel={t('common.close')}
      // A click beside it must not lose the secret.
      onDismiss={({ detail }) => detail.reason !== 'overlay' && onClose()}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            {t('identities.done')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning" statusIconAriaLabel={t('common.warning')}>
          {t('identities.secretOnce')}
        </Alert>
        <KeyValuePairs
          items={[
            {
              label: t('identities.accessKeyId'),
              value: (
                <span className="mono">
                  <Copy text={id} label={t('identities.accessKeyId')} />
                </span>
              ),
            },
            {
              label: t('identities.secret'),
              value: (
                <SpaceBetween direction="horizontal" size="xs">
                  <span className="mono">{isShown ? secret : '•'.repeat(20)}</span>
                  <CopyToClipboard
                    variant="icon"
                    textToCopy={secret}
                    copyButtonAriaLabel={t('common.copy', { label: t('identities.secret') })}
                    copySuccessText={t('common.copied')}
                    copyErrorText={t('common.notCopied')}
                  />
                  <Button variant="inline-link" onClick={() => setShown(!isShown)}>
                    {t(isShown ? 'identities.hide' : 'identities.show')}
                  </Button>
                </SpaceBetween>
              ),
            },
          ]}
        />
        <Button iconName="download" onClick={() => download(`${user}-credentials`, file, 'text/plain')}>
          {t('identities.downloadCredentials')}
        </Button>
        <Box color="text-body-secondary">{t('identities.credentialsText')}</Box>
        <Code
          label={t('identities.credentialsUse')}
          text={[
            `export AWS_SHARED_CREDENTIALS_FILE="$PWD/${user}-credentials"`,
            `export AWS_ENDPOINT_URL=${endpointText}`,
            `export AWS_REGION=${region}`,
            'aws sts get-caller-identity',
          ].join('\n')}
        />
      </SpaceBetween>
    </Modal>
  )
}
