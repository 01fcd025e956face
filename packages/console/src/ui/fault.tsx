import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import { type ReactNode } from 'react'
import { useT } from '../i18n/index.tsx'
import { ErrorAlert } from './errors.tsx'
import { Empty } from './parts.tsx'
import { href, usePlaces } from './places.ts'
import { Page } from './page.tsx'

/** In place of a page that has failed: a mistake of ours, which should not be there. */
export function Fault({ error, title }: { error: Error; title: string }): ReactNode {
  const t = useT()
  return (
    <Box padding="l">
      <ErrorAlert error={error} title={title} />
      <Box padding={{ top: 's' }}>
        <Button onClick={() => window.location.reload()}>{t('common.reload')}</Button>
      </Box>
    </Box>
  )
}

export function NotFound(): ReactNode {
  const t = useT()
  const places = usePlaces()
  return (
    <Page title={t('common.notFound')} trail={[]}>
      <Empty
        title={t('common.notFound')}
        text={t('common.notFoundText')}
        action={<Button href={href(places.keys)}>{t('frame.customerKeys')}</Button>}
      />
    </Page>
  )
}
