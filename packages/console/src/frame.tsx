import { useQueryClient } from '@tanstack/react-query'
import AppLayout from '@cloudscape-design/components/app-layout'
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Modal from '@cloudscape-design/components/modal'
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation'
import { useEffect, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { signOut, useSession, useSessionState } from './api/session.ts'
import { languages, useDates, useLanguage, useT, type Language } from './i18n/index.tsx'
import { SignInForm } from './pages/sign-in.tsx'
import { ageNotices, Notices } from './ui/notices.tsx'
import { useNavigationOpen } from './ui/navigation.ts'
import { TrailPlace } from './ui/page.tsx'
import { useNow } from './ui/parts.tsx'
import { href, usePlaces, useRegion } from './ui/places.ts'
import { usePreference } from './ui/preferences.ts'

/** What is around each page: the bar on top, the navigation, notices, and the end of the session. */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const t = useT()
  const [isOpen, setOpen] = useNavigationOpen()
  const [trailPlace, setTrailPlace] = useState<HTMLElement | null>(null)
  const [location] = useLocation()
  const [, , section, name] = location.split('/')
  useEffect(() => {
    ageNotices()
  }, [section, name])
  return (
    <>
      <a className="skip-link" href="#main" onClick={skipToMain}>
        {t('frame.skip')}
      </a>
      <div id="top">
        <Bar />
      </div>
      <AppLayout
        headerSelector="#top"
        navigation={<Navigation />}
        navigationOpen={isOpen}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        toolsHide
        breadcrumbs={<div ref={setTrailPlace} />}
        notifications={<Notices />}
        ariaLabels={{
          navigation: t('frame.navigation'),
          navigationToggle: t('frame.openNavigation'),
          navigationClose: t('frame.closeNavigation'),
          notifications: t('frame.notices'),
        }}
        content={
          <TrailPlace value={trailPlace}>
            <div id="main" tabIndex={-1}>
              <SpaceBetween size="m">
                <EndsSoon />
                {children}
              </SpaceBetween>
            </div>
          </TrailPlace>
        }
      />
      <Ended />
    </>
  )
}

// The part of the address behind `#` names the page, so the link must not go there.
function skipToMain(event: { preventDefault: () => void }): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}

function Bar(): ReactNode {
  const t = useT()
  const language = useLanguage()
  const { time } = useDates()
  const { account, arn, expiresAt, server } = useSession()
  const region = useRegion()
  const places = usePlaces()
  const [location, go] = useLocation()
  const [theme, setTheme] = usePreference('theme')
  const [, setLanguage] = usePreference('language')
  const name = arn.slice(arn.indexOf('/') + 1)

  const chooseRegion = (chosen: string): void => {
    // A key of one Region is not in the other, but lists are.
    const section = location.split('/')[2]
    go(section === undefined ? `/${chosen}/keys` : `/${chosen}/${section}`)
  }
  const chooseSetting = (id: string): void => {
    const [kind, value] = id.split(':')
    if (kind === 'theme') setTheme(value === 'light' || value === 'dark' ? value : undefined)
    else setLanguage(value as Language) // The ids below.
  }
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: 'menu-dropdown',
      iconName: 'globe',
      text: region,
      ariaLabel: t('frame.regionOf', { region }),
      items: server.Regions.map(id => ({ id, text: id, itemType: 'checkbox', checked: id === region })),
      onItemClick: ({ detail }) => chooseRegion(detail.id),
    },
    {
      type: 'menu-dropdown',
      iconName: 'settings',
      title: t('frame.settings'),
      ariaLabel: t('frame.settings'),
      items: [
        {
          id: 'theme',
          text: t('frame.theme'),
          items: [
            { id: 'theme:system', text: t('frame.themeSystem'), itemType: 'checkbox', checked: theme === undefined },
            { id: 'theme:light', text: t('frame.themeLight'), itemType: 'checkbox', checked: theme === 'light' },
            { id: 'theme:dark', text: t('frame.themeDark'), itemType: 'checkbox', checked: theme === 'dark' },
          ],
        },
        {
          id: 'language',
          text: t('frame.language'),
          items: Object.entries(languages).map(([id, text]) => ({
            id: `language:${id}`,
            text,
            itemType: 'checkbox',
            checked: id === language,
          })),
        },
      ],
      description: t('frame.version', { version: server.Version }),
      onItemClick: ({ detail }) => chooseSetting(detail.id),
    },
    {
      type: 'menu-dropdown',
      iconName: 'user-profile',
      text: `${name} @ ${account}`,
      // What is seen must be in it, for those who speak to their browser.
      ariaLabel: `${name} @ ${account}: ${t('frame.principal', { arn })}`,
      title: arn,
      description: expiresAt === undefined ? '' : t('frame.sessionEnds', { time: time(expiresAt / 1000) }),
      items: [{ id: 'sign-out', text: t('frame.signOut') }],
      onItemClick: signOut,
    },
  ]
  const logo = { src: 'wordmark.svg', alt: 'Keyreeve' }
  return <TopNavigation identity={{ href: href(places.keys), logo }} utilities={utilities} />
}

function Navigation(): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [location] = useLocation()
  const link = (text: string, place: string): SideNavigationProps.Link => ({ type: 'link', text, href: href(place) })
  const items: SideNavigationProps.Item[] = [
    {
      type: 'section-group',
      title: t('frame.keys'),
      items: [link(t('frame.customerKeys'), places.keys), link(t('frame.keyStores'), places.keyStores)],
    },
    {
      type: 'section-group',
      title: t('frame.identities'),
      items: [
        link(t('frame.users'), places.users),
        link(t('frame.groups'), places.groups),
        link(t('frame.roles'), places.roles),
        link(t('frame.providers'), places.providers),
        link(t('frame.policies'), places.policies),
      ],
    },
    {
      type: 'section-group',
      title: t('frame.insight'),
      items: [link(t('frame.simulator'), places.simulator), link(t('frame.audit'), places.audit)],
    },
  ]
  // The list is marked for what is below it, too.
  const active = href(location.split('/').slice(0, 3).join('/'))
  return <SideNavigation header={{ text: 'Keyreeve', href: href(places.keys) }} items={items} activeHref={active} />
}

const soon = 10 * 60_000

function EndsSoon(): ReactNode {
  const t = useT()
  const { expiresAt } = useSession()
  const { isEnded } = useSessionState()
  const [isAsking, setAsking] = useState(false)
  const left = (expiresAt ?? Infinity) - useNow(10_000)
  const stop = (): void => setAsking(false)
  if (isAsking) return <SignInAgain title={t('signIn.again')} onSignedIn={stop} onClose={stop} />
  if (isEnded || left > soon || left <= 0) return null
  return (
    <Alert
      type="warning"
      statusIconAriaLabel={t('common.warning')}
      header={t('signIn.endsSoon')}
      action={<Button onClick={() => setAsking(true)}>{t('signIn.again')}</Button>}
    >
      {t('signIn.endsSoonText', { minutes: Math.ceil(left / 60_000) })}
    </Alert>
  )
}

/** Over the page that was there, once the session is over. */
function Ended(): ReactNode {
  const t = useT()
  const { expiresAt } = useSession()
  const { isEnded } = useSessionState()
  const isOver = useNow() >= (expiresAt ?? Infinity)
  if (!isEnded && !isOver) return null
  return <SignInAgain title={t('signIn.ended')} text={t('signIn.endedText')} onClose={signOut} />
}

function SignInAgain({
  title,
  text,
  onSignedIn,
  onClose,
}: {
  title: string
  text?: string
  onSignedIn?: () => void
  onClose: () => void
}): ReactNode {
  const t = useT()
  const queryClient = useQueryClient()
  return (
    <Modal visible header={title} closeAriaLabel={t('common.close')} onDismiss={onClose}>
      <SpaceBetween size="m">
        {text}
        <SignInForm
          onSignedIn={() => {
            void queryClient.invalidateQueries()
            onSignedIn?.()
          }}
        />
      </SpaceBetween>
    </Modal>
  )
}
