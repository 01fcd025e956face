import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import {
  onProvider,
  providerMember,
  putProvider,
  requireProvider,
  requireThumbprints,
  thumbprints,
} from './oidc-providers.ts'

export const updateOpenIdConnectProviderThumbprint = operation({
  name: 'UpdateOpenIDConnectProviderThumbprint',
  service: 'iam',
  input: structure({ ...providerMember, ThumbprintList: thumbprints }),
  output: null,
  needs: { action: 'iam:UpdateOpenIDConnectProviderThumbprint', resource: onProvider, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'OpenIDConnectProviderArn', 'ThumbprintList') },
  async handle(context, input) {
    const provider = await requireProvider(context, input)
    const changed = { ...provider, thumbprints: requireThumbprints(input.ThumbprintList) }
    return { output: undefined, changes: [putProvider(changed)] }
  },
})
