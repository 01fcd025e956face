import type { ReactNode } from 'react'
import { useT } from '../../i18n/index.tsx'
import { Page } from '../../ui/page.tsx'
import { Events } from './events.tsx'

/** Who has done what, newest first. */
export default function Audit(): ReactNode {
  const t = useT()
  return (
    <Page title={t('frame.audit')} trail={[]} description={t('audit.description')}>
      <Events />
    </Page>
  )
}
