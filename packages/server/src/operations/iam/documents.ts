/** Documents of policies, as IAM measures and answers them. */

/** In characters; white space is free (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). */
export const sizeOf = (document: string): number => document.replace(/\s/g, '').length

/** Percent-encoded (RFC 3986), which leaves letters, digits and `-_.~`. */
export const encodeDocument = (document: string): string =>
  encodeURIComponent(document).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
