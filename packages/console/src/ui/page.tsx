import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group'
import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import { createContext, use, useEffect, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { useT } from '../i18n/index.tsx'
import { href, usePlaces } from './places.ts'

/** Where the frame has the trail of a page. */
export const TrailPlace = createContext<HTMLElement | null>(null)

/** A page below its heading, with the trail that leads to it. */
export function Page({
  title,
  trail,
  description,
  actions,
  hasHeader = true,
  children,
}: {
  title: string
  /** What is above it, below the console's first page; the page itself is not named here. */
  trail: readonly { text: string; place: string }[]
  description?: ReactNode
  actions?: ReactNode
  /** False if what is below has a heading of its own. */
  hasHeader?: boolean
  children: ReactNode
}): ReactNode {
  const t = useT()
  const places = usePlaces()
  const trailPlace = use(TrailPlace)
  useEffect(() => {
    document.title = `${title} – Keyreeve`
  }, [title])
  const items = [
    { text: 'Keyreeve', href: href(places.keys) },
    ...trail.map(({ text, place }) => ({ text, href: href(place) })),
    { text: title, href: '' },
  ]
  const header = (
    <Header variant="h1" description={description} actions={actions}>
      {title}
    </Header>
  )
  return (
    <>
      {trailPlace && createPortal(<BreadcrumbGroup items={items} ariaLabel={t('frame.breadcrumbs')} />, trailPlace)}
      <ContentLayout {...(hasHeader && { header })}>{children}</ContentLayout>
    </>
  )
}
