import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Form from '@cloudscape-design/components/form'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import TagEditor, { type TagEditorProps } from '@cloudscape-design/components/tag-editor'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type FormEvent, type ReactNode, type Ref } from 'react'
import { useChange, useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { notify } from '../../ui/notices.tsx'
import { Empty, Loaded } from '../../ui/parts.tsx'
import { isPendingDeletion, type Key } from './key.ts'

interface Tag {
  TagKey: string
  TagValue: string
}

/** Of each key. */
const mostTags = 50

/** What the key is tagged with, and a form that changes it. */
export function Tags({ shown: key }: { shown: Key }): ReactNode {
  const [isEditing, setEditing] = useState(false)
  // The server has no more on one key, and answers them at once.
  const query = useKms('ListResourceTags', { KeyId: key.KeyId, Limit: mostTags })
  const editButton = useRef<{ focus: () => void }>(null)
  const close = (): void => {
    setEditing(false)
    // The button is not there before the next frame.
    requestAnimationFrame(() => editButton.current?.focus())
  }
  return (
    <Loaded query={query}>
      {({ Tags: found = [] }) => {
        const tags = found as Tag[] // Each has both.
        return isEditing ? (
          <Editor keyId={key.KeyId} before={tags} onClose={close} />
        ) : (
          <Shown shown={key} tags={tags} button={editButton} onEdit={() => setEditing(true)} />
        )
      }}
    </Loaded>
  )
}

function Shown({
  shown: key,
  tags,
  button,
  onEdit,
}: {
  shown: Key
  tags: readonly Tag[]
  button: Ref<{ focus: () => void }>
  onEdit: () => void
}): ReactNode {
  const t = useT()
  return (
    <Table
      items={tags}
      trackBy="TagKey"
      wrapLines
      ariaLabels={{ tableLabel: t('key.tab.tags') }}
      header={
        <Header
          variant="h2"
          counter={`(${tags.length})`}
          description={t('key.tags.text')}
          actions={
            <Button ref={button} disabled={isPendingDeletion(key)} onClick={onEdit}>
              {t('key.tags.edit')}
            </Button>
          }
        >
          {t('key.tab.tags')}
        </Header>
      }
      empty={<Empty title={t('key.tags.none')} text={t('key.tags.noneText')} />}
      columnDefinitions={[
        {
          id: 'key',
          header: t('key.tags.key'),
          cell: ({ TagKey }) => <span className="key-text">{TagKey}</span>,
          isRowHeader: true,
        },
        {
          id: 'value',
          header: t('key.tags.value'),
          cell: ({ TagValue }) => <span className="key-text">{TagValue || '–'}</span>,
        },
      ]}
    />
  )
}

function Editor({ keyId, before, onClose }: { keyId: string; before: readonly Tag[]; onClose: () => void }): ReactNode {
  const t = useT()
  const [tags, setTags] = useState<readonly TagEditorProps.Tag[]>(
    before.map(({ TagKey: key, TagValue: value }) => ({ key, value, existing: true })),
  )
  const [isValid, setValid] = useState(true)
  const client = useQueryClient()
  const save = useChange(
    async api => {
      const { removed, put } = changesOf(before, tags)
      // Removed first: a key that has as many as it may has room then.
      if (removed.length > 0) await api.kms('UntagResource', { KeyId: keyId, TagKeys: removed })
      if (put.length > 0) await api.kms('TagResource', { KeyId: keyId, Tags: put })
    },
    { onSuccess: () => notify(t('key.tags.saved')) },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    // Closed once the new tags are there: the old ones would be seen for a moment.
    if (!isValid || save.isPending) return
    // What was removed before something failed is not there any more.
    save.mutate(undefined, { onSuccess: onClose, onError: () => void client.invalidateQueries() })
  }
  return (
    <form onSubmit={submit}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" formAction="submit" loading={save.isPending} disabled={!isValid}>
              {t('common.save')}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          <Container header={<Header variant="h2">{t('key.tags.edit')}</Header>}>
            <TagEditor
              tags={tags}
              tagLimit={mostTags}
              // The server takes any characters.
              allowedCharacterPattern="^.*$"
              onChange={({ detail }) => {
                setTags(detail.tags)
                setValid(detail.valid)
              }}
            />
          </Container>
          <ErrorAlert error={save.error} title={t('key.tags.failed')} />
        </SpaceBetween>
      </Form>
    </form>
  )
}

/** What makes the one out of the other: keys of tags that go, and tags that come or get another value. */
function changesOf(before: readonly Tag[], after: readonly TagEditorProps.Tag[]): { removed: string[]; put: Tag[] } {
  const kept = new Map(after.filter(tag => tag.markedForRemoval !== true).map(({ key, value }) => [key, value]))
  const old = new Map(before.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
  return {
    removed: [...old.keys()].filter(key => !kept.has(key)),
    put: [...kept].filter(([key, value]) => old.get(key) !== value).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
  }
}
