import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Redirect, Route, Router, Switch } from 'wouter'
import { makeQueryClient } from './api/hooks.ts'
import { useSessionState } from './api/session.ts'
import { Frame } from './frame.tsx'
import { Localize, useT } from './i18n/index.tsx'
import { SignIn, SignInWithLink } from './pages/sign-in.tsx'
import { useAddress } from './ui/address.ts'
import { Fence } from './ui/errors.tsx'
import { Fault, NotFound } from './ui/fault.tsx'
import { clearNotices } from './ui/notices.tsx'
import { Loading } from './ui/parts.tsx'
import { usePlaces } from './ui/places.ts'
import { useTheme } from './ui/theme.ts'

// Each part of the console is loaded when somebody first goes there.
const KeyList = lazy(() => import('./pages/keys/list.tsx'))
const CreateKey = lazy(() => import('./pages/create-key/index.tsx'))
const KeyPage = lazy(() => import('./pages/key/index.tsx'))
const ImportMaterial = lazy(() => import('./pages/import/index.tsx'))
const KeyStores = lazy(() => import('./pages/key-stores/index.tsx'))
const Users = lazy(() => import('./pages/identities/users.tsx'))
const User = lazy(() => import('./pages/identities/user.tsx'))
const Groups = lazy(() => import('./pages/identities/groups.tsx'))
const Group = lazy(() => import('./pages/identities/group.tsx'))
const Roles = lazy(() => import('./pages/identities/roles.tsx'))
const Role = lazy(() => import('./pages/identities/role.tsx'))
const Providers = lazy(() => import('./pages/identities/providers.tsx'))
const Provider = lazy(() => import('./pages/identities/provider.tsx'))
const Policies = lazy(() => import('./pages/identities/policies.tsx'))
const Policy = lazy(() => import('./pages/identities/policy.tsx'))
const Simulator = lazy(() => import('./pages/access/simulator.tsx'))
const Denial = lazy(() => import('./pages/access/denial.tsx'))
const Audit = lazy(() => import('./pages/audit/index.tsx'))

export function App(): ReactNode {
  useTheme()
  return (
    <Localize>
      <Guarded>
        <Router hook={useAddress}>
          <Switch>
            <Route path="/sign-in/:code">{({ code }) => <SignInWithLink code={code} />}</Route>
            <Route>
              <SignedIn />
            </Route>
          </Switch>
        </Router>
      </Guarded>
    </Localize>
  )
}

function SignedIn(): ReactNode {
  const { session } = useSessionState()
  if (!session) return <SignIn />
  // Whoever signs in after somebody else finds nothing of what that one saw or typed.
  return <Console key={session.arn} />
}

/** A fault below shows as such, and what is around stays. */
function Guarded({ children }: { children: ReactNode }): ReactNode {
  const t = useT()
  return <Fence shown={error => <Fault error={error} title={t('common.fault')} />}>{children}</Fence>
}

function Console(): ReactNode {
  const [queryClient] = useState(makeQueryClient)
  useEffect(() => clearNotices, [])
  return (
    <QueryClientProvider client={queryClient}>
      <Frame>
        <Guarded>
          <Suspense fallback={<Loading />}>
            <Pages />
          </Suspense>
        </Guarded>
      </Frame>
    </QueryClientProvider>
  )
}

function Pages(): ReactNode {
  const places = usePlaces()
  return (
    <Switch>
      <Route path="/:region/keys" component={KeyList} />
      <Route path="/:region/keys/create" component={CreateKey} />
      <Route path="/:region/keys/:id/import">{({ id }) => <ImportMaterial key={id} id={named(id)} />}</Route>
      <Route path="/:region/keys/:id">{({ id }) => <KeyPage key={id} id={named(id)} tab="policy" />}</Route>
      <Route path="/:region/keys/:id/:tab">{({ id, tab }) => <KeyPage key={id} id={named(id)} tab={tab} />}</Route>
      <Route path="/:region/key-stores" component={KeyStores} />
      <Route path="/:region/users" component={Users} />
      <Route path="/:region/users/:name">{({ name }) => <User key={name} name={named(name)} />}</Route>
      <Route path="/:region/groups" component={Groups} />
      <Route path="/:region/groups/:name">{({ name }) => <Group key={name} name={named(name)} />}</Route>
      <Route path="/:region/roles" component={Roles} />
      <Route path="/:region/roles/:name">{({ name }) => <Role key={name} name={named(name)} />}</Route>
      <Route path="/:region/identity-providers" component={Providers} />
      <Route path="/:region/identity-providers/:arn">{({ arn }) => <Provider key={arn} arn={named(arn)} />}</Route>
      <Route path="/:region/policies" component={Policies} />
      <Route path="/:region/policies/:arn">{({ arn }) => <Policy key={arn} arn={named(arn)} />}</Route>
      <Route path="/:region/simulator" component={Simulator} />
      <Route path="/:region/denials/:id">{({ id }) => <Denial key={id} requestId={named(id)} />}</Route>
      <Route path="/:region/audit" component={Audit} />
      <Route path="/">
        <Redirect to={places.keys} replace />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  )
}

/** A name in an address; wouter leaves slashes and colons as they are escaped there. */
function named(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
