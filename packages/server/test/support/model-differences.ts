/** In what the operations differ from the models of the services, by operation: paths such as `Users[].Path`. */

const undocumentedSizes = ['SessionTokenSize', 'SessionTokenUtilization']

/** Members of answers that nothing here ever has a value for. */
export const neverAnswered: Record<string, readonly string[]> = {
  AssumeRole: undocumentedSizes,
  /** Claims of tokens become no source identity. */
  AssumeRoleWithWebIdentity: [...undocumentedSizes, 'SourceIdentity'],
  CreateKey: ['KeyMetadata.CloudHsmClusterId'],
  CreateRole: roleMembers('Role'),
  /** There are no passwords. */
  CreateUser: ['User.PasswordLastUsed'],
  DescribeCustomKeyStores: ['CustomKeyStores[].CloudHsmClusterId', 'CustomKeyStores[].TrustAnchorCertificate'],
  DescribeKey: ['KeyMetadata.CloudHsmClusterId'],
  GetGroup: ['Users[].PasswordLastUsed'],
  /** Rotations on demand have happened when they are answered. */
  GetKeyRotationStatus: ['OnDemandRotationStartDate'],
  GetSessionToken: undocumentedSizes,
  GetRole: roleMembers('Role'),
  GetUser: ['User.PasswordLastUsed'],
  /** Always an empty list: there are no machines to give a role to. */
  ListInstanceProfilesForRole: [
    'InstanceProfiles[].Arn',
    'InstanceProfiles[].CreateDate',
    'InstanceProfiles[].InstanceProfileId',
    'InstanceProfiles[].InstanceProfileName',
    'InstanceProfiles[].Path',
    'InstanceProfiles[].Roles',
    'InstanceProfiles[].Tags',
  ],
  /** Nobody has a password, a second factor, or a credential for another service. */
  ListMFADevices: membersOf('MFADevices[]', 'EnableDate SerialNumber UserName'),
  ListRoles: roleMembers('Roles[]'),
  ListServiceSpecificCredentials: membersOf(
    'ServiceSpecificCredentials[]',
    'CreateDate ExpirationDate ServiceCredentialAlias ServiceName ServiceSpecificCredentialId ServiceUserName Status UserName',
  ),
  ListSigningCertificates: membersOf('Certificates[]', 'CertificateBody CertificateId Status UploadDate UserName'),
  ListSSHPublicKeys: membersOf('SSHPublicKeys[]', 'SSHPublicKeyId Status UploadDate UserName'),
  ListUsers: ['Users[].PasswordLastUsed'],
  ListVirtualMFADevices: membersOf(
    'VirtualMFADevices[]',
    'Base32StringSeed EnableDate QRCodePNG SerialNumber Tags User',
  ),
  ReplicateKey: ['ReplicaKeyMetadata.CloudHsmClusterId'],
  UpdateRoleDescription: roleMembers('Role'),
}

/** These members of a structure. */
function membersOf(structure: string, names: string): string[] {
  return names.split(' ').map(name => `${structure}.${name}`)
}

/** When a role was last used is not written down, and none is made from a template. */
function roleMembers(role: string): string[] {
  return [`${role}.RoleLastUsed`, `${role}.SourceRoleTemplate`]
}

/** Members of requests that the model has and that are ignored here, as members of unknown names are, and why. */
export const notTaken: Record<string, readonly string[]> = {
  /** It is not documented what it does. */
  AssumeRole: ['MinimumSessionTokenSize'],
  AssumeRoleWithWebIdentity: ['MinimumSessionTokenSize'],
  GetSessionToken: ['MinimumSessionTokenSize'],
}

/** Whether a member is one of these, or inside of one. */
export const isWithin = (member: string, these: readonly string[] = []): boolean =>
  these.some(one => member === one || (member.startsWith(one) && /[.[{]/.test(member.charAt(one.length))))
