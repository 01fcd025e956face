/** Custom key stores. */
export const stores = {
  'stores.text':
    'A custom key store keeps keys outside of Keyreeve: each key in it is a key of your own external key manager, which an external key store proxy asks to encrypt and decrypt.',
  'stores.create': 'Create key store',
  'stores.name': 'Key store name',
  'stores.id': 'Key store ID',
  'stores.type': 'Type',
  'stores.type.EXTERNAL_KEY_STORE': 'External key store',
  'stores.type.AWS_CLOUDHSM': 'AWS CloudHSM key store',
  'stores.connection': 'Connection state',
  'stores.state.CONNECTED': 'Connected',
  'stores.state.CONNECTING': 'Connecting',
  'stores.state.DISCONNECTED': 'Disconnected',
  'stores.state.DISCONNECTING': 'Disconnecting',
  'stores.state.FAILED': 'Failed',
  'stores.connectivity': 'Proxy connectivity',
  'stores.connectivity.PUBLIC_ENDPOINT': 'Public endpoint',
  'stores.connectivity.VPC_ENDPOINT_SERVICE': 'VPC endpoint service',
  'stores.endpoint': 'Proxy URI endpoint',
  'stores.path': 'Proxy URI path',
  'stores.accessKeyId': 'Access key ID of the proxy credential',
  'stores.created': 'Creation date',
  'stores.service': 'VPC endpoint service',
  'stores.selection': 'Selection of a key store',
  'stores.select': 'Select the key store {name}',
  'stores.none': 'No custom key stores in {region}',
  'stores.noneText':
    'You need an external key store proxy that Keyreeve can reach over HTTPS. Other Regions may have key stores: choose one at the top of the page.',
  'stores.choose': 'Select a key store to see it in full, and what can be done with it.',
  'stores.gone': 'There is no key store {id} here',
  'stores.goneText': 'It was deleted, or it is in another Region.',

  'stores.actions': 'Key store actions',
  'stores.connect': 'Connect',
  'stores.disconnect': 'Disconnect',
  'stores.edit': 'Edit',
  'stores.delete': 'Delete',
  'stores.keys': 'Keys in this key store',
  'stores.createKey': 'Create a key in this key store',
  'stores.createKeyImpossible': 'Connect the key store first.',
  'stores.connectImpossible': 'It is connected.',
  'stores.connectFailed': 'Disconnect the key store first, and mend what the error names.',
  'stores.disconnectImpossible': 'It is disconnected.',
  'stores.editFailed': 'Disconnect the key store first.',
  'stores.deleteImpossible': 'Disconnect the key store first.',
  'stores.connected': 'The key store {name} is connected.',
  'stores.notConnected': 'The key store {name} could not be connected: {code}.',
  'stores.createdDone': 'The key store {name} was created. Connect it to create keys in it.',
  'stores.savedDone': 'The key store {name} was changed.',
  'stores.disconnectedDone': 'The key store {name} is disconnected.',
  'stores.deletedDone': 'The key store {name} was deleted.',
  'stores.disconnectTitle': 'Disconnect {name}?',
  'stores.disconnectText':
    'Until it is connected again, no key in it can be used, and none can be created in it. The keys stay as they are.',
  'stores.deleteTitle': 'Delete {name}?',
  'stores.deleteText':
    'Keyreeve forgets the key store and the credential of its proxy. Nothing changes at your proxy or your external key manager.',
  'stores.deleteEmpty':
    'This is only possible when there is no key in it. Schedule the deletion of its keys first; those that wait for their deletion still count.',

  'stores.failure': 'Why it could not be connected: {code}',
  'stores.failureSteps': 'Disconnect the key store before you change anything here, and connect it again afterwards.',
  'stores.failure.XKS_PROXY_NOT_REACHABLE':
    'The external key store proxy could not be reached, or says that its external key managers are not available. Check that the proxy runs, that its host name resolves and its port is open from here, and that it reaches its key manager.',
  'stores.failure.XKS_PROXY_TIMED_OUT':
    'The external key store proxy did not answer in time. Check its load, and the network between it, Keyreeve and the external key manager.',
  'stores.failure.INVALID_CREDENTIALS':
    'The proxy did not accept the credential. Copy access key ID and secret access key from the proxy again, and enter them here with Edit.',
  'stores.failure.XKS_PROXY_ACCESS_DENIED':
    'The proxy refused the request. Check what its own authorization allows Keyreeve to do.',
  'stores.failure.XKS_PROXY_INVALID_CONFIGURATION':
    'The proxy is not set up for this key store. Check the URI path, and that the external keys are enabled.',
  'stores.failure.XKS_PROXY_INVALID_RESPONSE':
    'The proxy answered something that the specification of external key store proxies does not know. Check that the endpoint and the path are those of such a proxy, and ask whoever runs it.',
  'stores.failure.XKS_PROXY_INVALID_TLS_CONFIGURATION':
    'No TLS connection to the proxy was possible. Check that its certificate is valid, names the host of the endpoint, and is from an authority that Keyreeve trusts (setting xks.ca).',
  'stores.failure.other': 'The log of the server and that of the proxy say more.',

  'stores.createTitle': 'Create an external key store',
  'stores.editTitle': 'Edit {name}',
  'stores.nameText': 'From 1 to 256 characters; each name once in an account and Region. Do not put secrets in it.',
  'stores.endpointText':
    'https:// and the host name of the proxy, without port and path. Its port is a setting of the server (xks.port).',
  'stores.pathText': 'Ends with /kms/xks/v1. If the proxy has a prefix, it comes before.',
  'stores.connectivityText': 'Keyreeve reaches the proxy by its host name, over HTTPS.',
  'stores.credentialText':
    'Made at the proxy: with it Keyreeve signs its requests to the proxy. It is no access key of a user.',
  'stores.keyIdText': '20 to 30 upper-case letters and digits from 2 to 7.',
  'stores.secret': 'Secret access key',
  'stores.secretText': '43 to 64 characters. It is kept sealed, and shown to nobody again.',
  'stores.newCredential': 'Replace the credential',
  'stores.newCredentialText': 'Otherwise the one with the access key ID {id} stays.',
  'stores.fileLabel': 'Proxy configuration file',
  'stores.file': 'Upload configuration file',
  'stores.fileText':
    'A JSON file with XksProxyUriPath and XksProxyAuthenticationCredential, as proxies write it, fills in path and credential.',
  'stores.fileWrong':
    'This is no proxy configuration file: it must be JSON with XksProxyUriPath and XksProxyAuthenticationCredential.',
  'stores.onlyDisconnected': 'Can be changed while the key store is disconnected.',
  'stores.wrongName': 'Enter a name of 1 to 256 characters.',
  'stores.wrongEndpoint': 'Enter https:// and a host name, such as https://proxy.example.com.',
  'stores.wrongPath': 'Enter a path that ends with /kms/xks/v1, such as /example/kms/xks/v1.',
  'stores.wrongKeyId': 'An access key ID of a proxy has 20 to 30 characters: A to Z and 2 to 7.',
  'stores.wrongSecret': 'A secret access key of a proxy has 43 to 64 characters: letters, digits, /, + and =.',
} as const
